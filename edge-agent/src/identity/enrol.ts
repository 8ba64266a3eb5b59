/**
 * Enrolment (design section 7): a join token becomes an identity.
 *
 * Invariants: the key is made here, first, and never leaves; key and request are kept until the certificate is there,
 * so that a retry after a lost reply asks for the same certificate; the token is sent only to a server whose chain
 * OpenSSL verified against the pinned root.
 */
import { existsSync, rmSync } from 'node:fs';
import {
  certificatesInPem,
  createRequest,
  isSelfSigned,
  joinCredentialText,
  parseJoinToken,
  signEnrolProof,
} from '@casare/certs';
import { Capability, EnrolNonce, EnrolReply, EnrolRequest } from '@casare/shared/protocol';
import { z } from 'zod';
import { Fault } from '../fault.ts';
import { isFor, writeCredential } from './credential.ts';
import { type EnrolAnswer, findServerRoot, post } from './enrol-http.ts';
import type { Network } from '../network/index.ts';
import { type AgentHome, makeHome, verifyPermissions, writeWhole } from './home.ts';
import { type Identity, isEnrolled, writeIdentity } from './identity.ts';
import { readKeyFile, writeKeyFile } from './key-file.ts';

/** The server's clock may differ from ours by this much, milliseconds. */
const SKEW_MS = 5 * 60_000;

export interface EnrolOptions {
  readonly home: AgentHome;
  /** The enrol listener's public URL. */
  readonly url: string;
  readonly token: string;
  readonly name: string;
  readonly hostname: string;
  /** Labels for people, `name` or `name=value`. */
  readonly declared: readonly string[];
  readonly now: () => number;
}

/** What enrolment gave. */
export interface Enrolled extends Identity {
  /** `pending`: a person must approve the agent before it gets jobs. */
  readonly state: 'pending' | 'active';
  /** The control plane decommissions the agent when it has left; undefined from one that does not tell. */
  readonly ephemeral: boolean | undefined;
}

/**
 * Enrols the agent of `home`. Throws a Fault: ALREADY_ENROLLED, JOIN_TOKEN_MALFORMED, WRONG_TOKEN, CLOCK_SKEW,
 * TLS_INTERCEPTED, UNREACHABLE, ENROL_FAILED, HOME_UNWRITABLE, HOME_UNSAFE, USAGE.
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const { home } = options;
  const base = parseUrl(options.url);
  const token = parseJoinToken(options.token);
  if (!token.ok) throw new Fault(token.code, token.message, { exitCode: 2 });
  const declared = parseDeclared(options.declared);
  if (isEnrolled(home)) {
    throw new Fault(
      'ALREADY_ENROLLED',
      `${home.root} holds an agent already: use another --home, or remove that folder`,
    );
  }
  makeHome(home);
  verifyPermissions(home);
  const key = await keptRequest(home, token.value.id);
  const root = await findServerRoot(home.network, base, token.value.pin);
  const nonce = await fetchNonce(home.network, base, root, options.now);
  const request = EnrolRequest.parse({
    token: joinCredentialText(token.value),
    nonce,
    csr: Buffer.from(key.csr).toString('base64'),
    proof: signEnrolProof(key.privateKeyPem, nonce, key.csr),
    name: options.name,
    hostname: options.hostname,
    declared,
  });
  const reply = parseReply(await post(home.network, new URL('enrol', base), root, request), base);
  verifyReply(reply, key.csr);
  const { agentId, tenant, tunnelUrl } = reply;
  const identity = { agentId, tenant, name: options.name, enrolUrl: base.href, tunnelUrl, declared };
  writeCredential(home, { privateKeyPem: key.privateKeyPem, chainPem: reply.certificateChain });
  writeWhole(home.serverRoots, reply.serverRoots);
  writeIdentity(home, identity);
  rmSync(home.request, { force: true });
  return { ...identity, state: reply.state, ephemeral: reply.ephemeral };
}

/**
 * The key and request of an enrolment that was begun with this token, or new ones, kept before they are used. A key
 * belongs to one token: the control plane answers a known key only to the token that enrolled it.
 */
async function keptRequest(home: AgentHome, tokenId: string): Promise<{ privateKeyPem: string; csr: Uint8Array }> {
  if (existsSync(home.request)) {
    const begun = Begun.safeParse(parseJson(home.request));
    if (begun.success && begun.data.tokenId === tokenId) {
      return { privateKeyPem: begun.data.privateKeyPem, csr: Buffer.from(begun.data.csr, 'base64') };
    }
  }
  const made = await createRequest();
  const { privateKeyPem } = made;
  writeKeyFile(home.request, JSON.stringify({ tokenId, privateKeyPem, csr: Buffer.from(made.csr).toString('base64') }));
  return made;
}

/** What is kept of an enrolment under way; the token's id is no secret. */
const Begun = z.object({ tokenId: z.string(), privateKeyPem: z.string(), csr: z.base64() });

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readKeyFile(file));
  } catch {
    return null;
  }
}

async function fetchNonce(network: Network, base: URL, root: string, now: () => number): Promise<string> {
  const answer = await post(network, new URL('enrol/nonce', base), root, {});
  const skew = answer.serverTime === null ? 0 : Math.abs(answer.serverTime - now());
  if (skew > SKEW_MS) {
    const minutes = Math.round(skew / 60_000);
    throw new Fault('CLOCK_SKEW', `this machine's clock differs from the control plane's by ${minutes} min: set it`);
  }
  const nonce = EnrolNonce.safeParse(answer.body);
  if (answer.status >= 300 || !nonce.success) throw refused(answer, base);
  return nonce.data.nonce;
}

function parseReply(answer: EnrolAnswer, base: URL): EnrolReply {
  const reply = EnrolReply.safeParse(answer.body);
  if (answer.status >= 300 || !reply.success) throw refused(answer, base);
  return reply.data;
}

/**
 * The reply comes from the holder of the pinned root, and is believed as far as it fits: our key in the leaf, and roots
 * as anchors. After a rotation the pinned root is not among them any more.
 */
function verifyReply(reply: EnrolReply, csr: Uint8Array): void {
  const leaf = certificatesInPem(reply.certificateChain)[0];
  const sameKey = leaf !== undefined && isFor(leaf, csr);
  const anchors = certificatesInPem(reply.serverRoots);
  if (sameKey && anchors.length > 0 && anchors.every((anchor) => isSelfSigned(anchor))) return;
  throw new Fault('ENROL_FAILED', 'the control plane answered with a certificate that is not ours: tell its operator');
}

const Problem = z.object({ code: z.string().max(100), detail: z.string().max(2_000).optional() });

function refused(answer: EnrolAnswer, base: URL): Fault {
  const problem = Problem.safeParse(answer.body);
  const code = problem.success ? problem.data.code : `HTTP ${answer.status}`;
  if (answer.status === 401 || answer.status === 403) {
    const text = 'the join token is wrong, used, expired or revoked: make a new one with casare token create';
    return new Fault('WRONG_TOKEN', text, { exitCode: 3 });
  }
  if (answer.status === 429) return new Fault('ENROL_BUSY', `${base.host} is busy (${code}): try again in a minute`);
  const detail = problem.success && problem.data.detail !== undefined ? `: ${problem.data.detail}` : '';
  return new Fault(
    'ENROL_FAILED',
    `${base.host} refused the enrolment (${code}${detail}): try again, or ask its operator`,
  );
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:') {
    throw new Fault('USAGE', '--url must be the https:// URL of the enrol listener', { exitCode: 2 });
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function parseDeclared(tags: readonly string[]): string[] {
  const parsed = z.array(Capability).max(100).safeParse(tags);
  if (parsed.success) return parsed.data;
  throw new Fault('USAGE', '--tag takes name or name=value: a lower-case name, no spaces', { exitCode: 2 });
}
