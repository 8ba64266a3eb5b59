/** Test support: an agent that enrolled days ago, with a certificate that really has ended since. */
import { createRequest, findPinned, joinCredentialText, parseJoinToken, signEnrolProof } from '@casare/certs';
import { LiveService } from '../live/index.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal } from '../platform/refusal.ts';
import { createTrust, gatewayHosts } from '../trust/index.ts';
import { signerForTests } from '../trust/testing.ts';
import { AddressLimit } from './address-limit.ts';
import { agentStates } from './agent-states.ts';
import { EnrolNonces } from './enrol-nonces.ts';
import { EnrolmentService } from './enrolment.service.ts';
import { movedClock, type Scene, type TestIdentity } from './testing.ts';

/** Enrols at a control plane on the same database whose clock is `agoMs` behind: its certificates live a day from then. */
export async function enrolEarlier(scene: Scene, agoMs: number, wanted: object = {}): Promise<TestIdentity> {
  const { db } = scene.harness.database;
  const clock = movedClock(-agoMs);
  const base = { db, clock, ids: createIds(clock), log: silentLog, live: new LiveService(db) };
  const hosts = gatewayHosts('127.0.0.1', []);
  const signer = signerForTests(scene.masterKey, hosts, clock);
  const trust = createTrust({ ...base, signer, hosts, agents: agentStates(clock) });
  const nonces = new EnrolNonces(scene.masterKey, clock);
  const limit = new AddressLimit({ clock, burst: 100, perMinute: 100 });
  const tunnelUrl = () => `wss://127.0.0.1:${scene.ports.tunnel}/tunnel`;
  const enrolment = new EnrolmentService({
    mayJoin: () => Promise.resolve(null),
    ...base,
    trust,
    nonces,
    limit,
    tunnelUrl,
  });
  const token = parseJoinToken(await scene.token(wanted));
  if (!token.ok) throw new Error(token.code);
  const { privateKeyPem, csr } = await createRequest();
  const { nonce } = nonces.create();
  const reply = await enrolment.enrol(
    {
      token: joinCredentialText(token.value),
      nonce,
      csr: Buffer.from(csr).toString('base64'),
      proof: signEnrolProof(privateKeyPem, nonce, csr),
      ...{ name: 'test agent', hostname: 'test-host', declared: [] },
    },
    '127.0.0.1',
  );
  if (isRefusal(reply)) throw new Error(reply.code);
  const rootPem = findPinned(reply.serverRoots, token.value.pin);
  if (rootPem === null) throw new Error('the reply does not hold the pinned root');
  return { agentId: reply.agentId, privateKeyPem, chainPem: reply.certificateChain, rootPem, reply };
}
