/** Where callers come from. @module */
export { AddressSet, type Cidr, parseCidr } from "./address_set.ts";
export { canonicalAddress, networkOf } from "./canonical_address.ts";
export { clientAddress } from "./client_address.ts";
export { namedAddressSet } from "./named_set.ts";
