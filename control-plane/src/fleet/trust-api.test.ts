/** Trust over REST: how it stands, agents' certificates, and revoking one, which ends its tunnel. */
import { api, type Certificate } from '@casare/shared/api';
import { createClient, type Client } from '@casare/shared/client';
import { CLOSE } from '@casare/shared/protocol';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, dial, openScene, type Scene, type TestIdentity } from './testing.ts';

let scene: Scene;
let client: Client;
beforeAll(async () => {
  scene = await openScene();
  client = createClient({ url: `http://127.0.0.1:${scene.ports.web}`, apiKey: scene.apiKey });
});
afterAll(() => scene.close());

async function certificateOf(identity: TestIdentity): Promise<Certificate> {
  const { items } = await client.call(api.trust.certificates, { query: { agent: identity.agentId } });
  expect(items).toHaveLength(1);
  return items[0]!;
}

describe('how trust stands', () => {
  it('names authorities with what is live below them, gateways, locks, the bundle and what ends first', async () => {
    const identity = await scene.agent();
    const tunnel = await connect(scene, identity);
    const { id } = await client.call(api.locks.create, {
      body: { kind: 'agent', target: (await scene.agent()).agentId, reason: 'a test' },
    });
    const status = await client.call(api.trust.status);
    expect(status).toMatchObject({
      operator: true,
      signer: { state: 'up' },
      rotations: [],
      locks: 1,
      next: 'nothing to do',
    });
    expect(status.bundle).toEqual({ digest: scene.trust.views.current.bundle.digest, roots: 1 });
    const kinds = status.authorities.map(({ kind, state, key }) => `${kind} ${state} ${key}`);
    expect(kinds.toSorted()).toEqual(
      ['agent_ca', 'agent_root', 'server_ca', 'server_root'].map((kind) => `${kind} active server`),
    );
    const [ca] = status.authorities.filter(({ kind }) => kind === 'agent_ca');
    const [root] = status.authorities.filter(({ kind }) => kind === 'agent_root');
    expect(ca).toMatchObject({ live: 2, issuerId: root!.id });
    expect(root).toMatchObject({ live: 1, issuerId: null });
    expect(ca!.fingerprint).toBe(
      new X509Certificate(ca!.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase(),
    );
    expect(status.gateways).toMatchObject([{ sessions: 1 }]);
    // The gateway's own certificate and agents' renew themselves: only CAs are worth naming.
    expect(status.nextExpiration?.subject).toMatch(/_(ca|root)$/);
    await client.call(api.locks.lift, { params: { id }, body: {} });
    expect(await client.call(api.trust.status)).toMatchObject({ locks: 0, rev: status.rev + 1 });
    const bundle = await client.call(api.trust.bundle);
    expect(bundle.roots).toEqual([identity.rootPem]);
    expect(await client.call(api.trust.expirations)).toEqual({ items: [], more: false });
    const all = await client.call(api.trust.expirations, { query: { within: 315_360_000, limit: 2 } });
    expect(all).toMatchObject({ more: true });
    expect(all.items[0]).toEqual(status.nextExpiration);
    await tunnel.close();
  });

  it('shows a tenant that is not the operator its own, and nothing of the installation', async () => {
    const status = await scene.trust.status.status('other');
    expect(status).toMatchObject({ operator: false, authorities: [], gateways: [], nextExpiration: null });
  });
});

describe('certificates', () => {
  it('are revoked: the tunnel ends, the certificate is refused, and it is on record', async () => {
    const identity = await scene.agent();
    const tunnel = await connect(scene, identity);
    const bystander = await connect(scene, await scene.agent());
    const { serial } = await certificateOf(identity);
    const params = { serial };
    const { rev } = await client.call(api.trust.status);
    const reason = 'a test';
    const stale = client.call(api.trust.revoke, { params, body: { reason, ifRev: rev + 1 } });
    await expect(stale).rejects.toMatchObject({ problem: { code: 'TRUST_CHANGED' } });
    const dry = await client.call(api.trust.revoke, { params, body: { reason, dryRun: true } });
    expect(dry.state).toBe('revoked');
    expect((await client.call(api.trust.certificate, { params })).state).toBe('current');
    const revoked = await client.call(api.trust.revoke, { params, body: { reason, ifRev: rev } });
    expect(revoked).toMatchObject({ serial, state: 'revoked', revokedWhy: reason, agentId: identity.agentId });
    expect(await tunnel.ended).toBe(CLOSE.notAdmitted);
    expect(await dial(scene, identity).ended).toBe(CLOSE.notAdmitted);
    bystander.send({ type: 'ping', n: 1 });
    await bystander.next('pong');
    await bystander.close();
    const again = await client.call(api.trust.revoke, { params, body: { reason: 'another' } });
    expect(again.revokedWhy).toBe(reason);
    expect((await client.call(api.trust.status)).rev).toBe(rev + 1);
    const unknown = client.call(api.trust.revoke, { params: { serial: 'ab' }, body: { reason } });
    await expect(unknown).rejects.toMatchObject({ problem: { code: 'CERTIFICATE_NOT_FOUND' } });
  });

  it('are listed newest first, in pages, by agent and by state', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.push((await certificateOf(await scene.agent())).serial);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.call(api.trust.certificates, {
        query: { limit: 2, state: 'current', ...(cursor === undefined ? {} : { cursor }) },
      });
      seen.push(...page.items.map(({ serial }) => serial));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen.slice(0, 5)).toEqual(made.toReversed());
    expect(new Set(seen).size).toBe(seen.length);
    const wrong = client.call(api.trust.certificates, { query: { cursor: 'x' } });
    await expect(wrong).rejects.toMatchObject({ problem: { code: 'CURSOR_INVALID' } });
  });
});
