/** Who may call the vault: tokens, their agents and their expiry. @module */
export { RateLimitExceeded } from "./admission.ts";
export { type AgentId, agentIdOf } from "./agent_id.ts";
export { type Holder, type IssueRequest, type TokenDetails, TokenService, type TokenSummary } from "./token_service.ts";
