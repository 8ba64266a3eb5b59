/**
 * What Windows knows the agent by. None of these may ever change: an installer finds what an older one has put there by them.
 */
import { createHash } from 'node:crypto';

/** All versions of the agent, of which Windows keeps one. */
export const UPGRADE_CODE = '7C0E4B1B-5E0B-4E0F-8D0D-2C8B6E1F9A53';
/** Of the UUIDs that are made of names. */
const NAMESPACE = 'c3a9d1f4-66c1-4b7e-9a59-0f5d7f3e8b20';

export const SERVICE = 'CasareAgent';
export const ACCOUNT = `NT SERVICE\\${SERVICE}`;
export const EVENT_SOURCE = 'Casare Agent';
export const REGISTRY_KEY = 'Software\\Casare\\Agent';
/** Properties that become words of the agent's own setup. */
export const GIVEN = ['CONTROLPLANE_URL', 'JOIN_TOKEN', 'JOIN_TOKEN_FILE', 'SITE', 'TAGS', 'PROXY', 'CA_FILE'] as const;
/** Of the Task Scheduler; the agent makes it (`edge-agent/src/setup/session-task.ts`). */
export const SESSION_TASK = 'Casare worker host';
export const HOST_FILE = 'casare-agent-host.exe';

/** The UUID of a name, version 5, in capitals: the same name gives the same. */
export function uuidOf(name: string): string {
  const digest = createHash('sha1')
    .update(Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  digest[6] = (digest[6]! & 0x0f) | 0x50;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  return digest
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    .toUpperCase();
}

/** The security identifier that Windows derives for the account of a service: known before the service exists. */
export function serviceSid(service: string): string {
  const digest = createHash('sha1').update(service.toUpperCase(), 'utf16le').digest();
  return `S-1-5-80-${[0, 4, 8, 12, 16].map((at) => digest.readUInt32LE(at)).join('-')}`;
}
