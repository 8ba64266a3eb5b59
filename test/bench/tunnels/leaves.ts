/**
 * Agents in bulk, for the bench only: rows, certificates and audit events as an enrolment commits them, by trust's own
 * code, but without a join token, a nonce and a proof for each. All share ONE key, which saves making 10,000; the
 * certificates are distinct.
 */
import { createLocalSigner, generateKey, toPem } from '@casare/certs';
import { randomBytes, randomUUID } from 'node:crypto';
import { insertAgent } from '../../../control-plane/dist/fleet/agent.store.js';
import { systemClock } from '../../../control-plane/dist/platform/clock.js';
import type { Database } from '../../../control-plane/dist/platform/database/index.js';
import { createIds } from '../../../control-plane/dist/platform/ids.js';
import { AgentLeaves } from '../../../control-plane/dist/trust/agent-leaves.js';
import { Authorities } from '../../../control-plane/dist/trust/authorities.js';

/** What a client dials with. */
export interface Leaf {
  readonly agentId: string;
  readonly serial: string;
  /** Leaf first, then the tenant's agent CA, PEM. */
  readonly chainPem: string;
}

/** All that the clients and the bare peer need. */
export interface Credentials {
  readonly tenant: string;
  /** The one key of all clients, PKCS#8, PEM. */
  readonly clientKeyPem: string;
  readonly leaves: readonly Leaf[];
  readonly serverRootPem: string;
  readonly serverCaPem: string;
  /** Of the bare peer: a gateway's certificate like the gateway's own. */
  readonly bare: { readonly privateKeyPem: string; readonly chainPem: string; readonly agentRoots: readonly string[] };
}

const TENANT = 'default';
const TRUST_DOMAIN = 'casare.internal';
/** Life of a certificate, as usual. */
const LEAF_SECONDS = 86_400;
/** Agents made in one transaction. */
const BATCH = 200;

/** Makes `count` agents in the tenant that a first start has made. */
export async function makeAgents(db: Database, masterKey: Uint8Array, count: number): Promise<Credentials> {
  const now = () => new Date();
  const rateLimit = { take: () => true };
  const gatewayHosts = ['127.0.0.1'];
  const signer = createLocalSigner({ masterKey, trustDomain: TRUST_DOMAIN, gatewayHosts, rateLimit, now });
  const authorities = new Authorities({ db, clock: systemClock, ids: createIds(systemClock), signer });
  const ca = await authorities.agentCa(TENANT);
  const issuer = new AgentLeaves({ signer, lifetimeSeconds: LEAF_SECONDS });
  const key = await generateKey('P-256');
  const leaves: Leaf[] = [];
  while (leaves.length < count) {
    const batch = await db.transaction(async (tx) => {
      const made: Leaf[] = [];
      for (let left = Math.min(BATCH, count - leaves.length); left > 0; left--) {
        const agentId = randomUUID();
        await insertAgent(tx, {
          ...{ tenant: TENANT, id: agentId, name: `bench-${leaves.length + made.length}`, state: 'active' },
          ...{
            site: null,
            grants: [],
            declared: [],
            tokenId: 'bench',
            ephemeral: false,
            keyDigest: randomBytes(32).toString('hex'),
          },
        });
        const leaf = await issuer.issue(tx, ca, { tenant: TENANT, agentId, publicKey: key.publicKey });
        made.push({ agentId, serial: leaf.serial, chainPem: leaf.chainPem });
      }
      return made;
    });
    leaves.push(...batch);
  }
  const serverCa = await authorities.serverCa();
  const bareKey = await generateKey('P-256');
  const publicKey = Buffer.from(bareKey.publicKey).toString('base64');
  const bare = await signer.signGatewayLeaf({ issuer: serverCa.id, publicKey, hosts: gatewayHosts });
  if (!bare.ok) throw new Error(bare.message);
  return {
    tenant: TENANT,
    clientKeyPem: toPem('PRIVATE KEY', key.privateKey),
    leaves,
    serverRootPem: (await authorities.serverRoot()).certificatePem,
    serverCaPem: serverCa.certificatePem,
    bare: {
      privateKeyPem: toPem('PRIVATE KEY', bareKey.privateKey),
      chainPem: `${bare.value.certificate}${serverCa.certificatePem}`,
      agentRoots: await authorities.agentAnchors(),
    },
  };
}
