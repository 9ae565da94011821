/** Where callers come from. @module */
export { AddressSet, type Cidr, parseCidr } from "./address_set.ts";
