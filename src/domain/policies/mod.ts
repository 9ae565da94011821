/** Who may do what with which secrets. @module */
export { type Action, ACTION_WORDS, ACTIONS, isAction } from "./actions.ts";
export { explainDecision } from "./explain.ts";
export { type PolicyCounts, type PolicyPorts, PolicyService } from "./policy_service.ts";
export { type Decision, type Effect, PolicySet, type PolicySummary, type Rule } from "./policy_set.ts";
export { projectResource, type Resource, resourceText } from "./resource.ts";
