/** Who this agent is, as kept in its home: `identity.json` and the key material beside it. */
import { existsSync, readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { tunnelClientOptions } from '@casare/certs';
import { Capability } from '@casare/shared/protocol';
import { z } from 'zod';
import { codeOf, Fault } from '../fault.ts';
import { leafOf, notEnrolled, readCredential } from './credential.ts';
import { post } from './enrol-http.ts';
import { type AgentHome, writeWhole } from './home.ts';

const Identity = z.object({
  agentId: z.uuid(),
  tenant: z.string(),
  name: z.string().min(1).max(100),
  enrolUrl: z.url({ protocol: /^https$/ }),
  tunnelUrl: z.url({ protocol: /^wss$/ }),
  /** Labels that the owner declared at enrolment: shown to people, they route nothing. */
  declared: z.array(Capability).max(100),
});
/** The content of `identity.json`. */
export type Identity = z.infer<typeof Identity>;

/** Reads the identity. Throws NOT_ENROLLED, IDENTITY_DAMAGED. */
export function readIdentity(home: AgentHome): Identity {
  try {
    return Identity.parse(JSON.parse(readFileSync(home.identity, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw notEnrolled(home);
    throw new Fault('IDENTITY_DAMAGED', `${home.identity} cannot be read: enrol this agent again`, { cause: error });
  }
}

/** True when this home holds a complete identity. */
export function isEnrolled(home: AgentHome): boolean {
  return existsSync(home.identity);
}

/** Keeps who the agent is: last at an enrolment, since its presence says that all is there. */
export function writeIdentity(home: AgentHome, identity: Identity): void {
  writeWhole(home.identity, `${JSON.stringify(Identity.parse(identity), null, 2)}\n`);
}

/** Settings of the tunnel's TLS: our certificate, and only the server roots of the enrolment as anchors. */
export function tunnelTls(home: AgentHome, tunnelUrl: string): ConnectionOptions {
  const host = new URL(tunnelUrl).hostname.replace(/^\[|\]$/g, '');
  return tunnelClientOptions(readCredential(home), host, [readServerRoots(home)]);
}

/** How long the certificate is good for: milliseconds until its end (negative: over) and since its start. */
export function certificateTimes(home: AgentHome, now: number): { sinceStartMs: number; untilEndMs: number } {
  const leaf = leafOf(home);
  return { sinceStartMs: now - leaf.validFromDate.getTime(), untilEndMs: leaf.validToDate.getTime() - now };
}

/** The roots that gateways are verified by, PEM. Throws NOT_ENROLLED. */
export function readServerRoots(home: AgentHome): string {
  try {
    return readFileSync(home.serverRoots, 'utf8');
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? notEnrolled(home) : error;
  }
}

/** The control plane's clock, asked of its enrol listener; null when it does not tell. */
export async function serverTimeOf(home: AgentHome, enrolUrl: string): Promise<number | null> {
  const answer = await post(home.network, new URL('enrol/nonce', enrolUrl), readServerRoots(home), {});
  return answer.serverTime;
}
