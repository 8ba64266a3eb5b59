/** HashiCorp Vault by its HTTP API: one client for the agent and the control plane, over whatever carries the bytes. */
export { readKv, type KvPlace } from './kv.ts';
export { VaultSession, type VaultAuth, type VaultSessionOptions } from './session.ts';
export { keyVersionOf, VaultTransit } from './transit.ts';
export { VaultFault, type VaultReply, type VaultSend } from './vault-fault.ts';
