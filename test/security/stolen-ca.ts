/** For attacks: the key of a tenant's CA in the hands of a thief, taken out of the database with the master key. */
import { openKey } from '@casare/certs';
import { openIssuer } from '../../certs/src/certificate.ts';
import { certificatesInPem } from '../../certs/src/pem.ts';
import { must, rogue } from '../../certs/src/world.fixture.ts';
import { dial, type Scene, type TestIdentity, type TestTunnel } from '../../control-plane/src/fleet/testing.ts';

export type StolenCa = Parameters<typeof rogue>[0];

/** The active CA of a kind, with its key. */
export async function stealCa(scene: Scene, kind: 'agent_ca' | 'server_ca' | 'agent_root'): Promise<StolenCa> {
  const text = `SELECT id, certificate_pem AS pem, sealed_key AS sealed FROM certificate_authority
    WHERE kind = $1 AND state = 'active'`;
  const [row] = await scene.harness.database.db.query<{ id: string; pem: string; sealed: Buffer }>({
    ...{ name: 'attackStealCa', text, values: [kind] },
  });
  if (row === undefined) throw new Error(`there is no ${kind}`);
  const key = must(openKey(row.sealed.toString('utf8'), scene.masterKey, row.id));
  return { pem: row.pem, issuer: must(await openIssuer(certificatesInPem(row.pem)[0]!, key)) };
}

/** Dials the real tunnel with a forged certificate. */
export function dialForged(
  scene: Scene,
  root: Pick<TestIdentity, 'rootPem'>,
  leaf: { readonly privateKeyPem: string; readonly chainPem: string },
): TestTunnel {
  return dial(scene, { ...root, ...leaf, agentId: '', reply: {} as never });
}
