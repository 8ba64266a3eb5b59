/** The signer as a real process, killed with -9 under a fleet: enrolment waits for it, tunnels do not. */
import { startSignerChild, type SignerChild } from '@casare/certs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { gatewayHosts, TRUST_DOMAIN } from '../trust/index.ts';
import { connect, enrol, enrolRequest, openScene, post, type Scene } from './testing.ts';

let home: string;
let child: SignerChild;
let scene: Scene;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'casare-away-'));
  const options = { home, trustDomain: TRUST_DOMAIN, gatewayHosts: gatewayHosts('127.0.0.1', []) };
  child = startSignerChild({ ...options, onLog: () => undefined });
  expect(await child.ready()).toMatchObject({ ok: true });
  scene = await openScene({ signer: child.signer });
});
afterAll(async () => {
  await scene.close();
  await child.stop();
  await rm(home, { recursive: true });
});

it('kill -9 of the signer: 503 SIGNER_DOWN and the token stays good; tunnels live; then it works again', async () => {
  const tunnel = await connect(scene, await scene.agent());
  const token = await scene.token();
  const { pid } = child;
  process.kill(pid!, 'SIGKILL');
  await vi.waitFor(() => expect(child.signer.state.up).toBe(false));
  // It would be back within a moment: held away for as long as the answers are looked at.
  const held = holdAway(child);
  const attempt = await enrolRequest(scene, token);
  expect(await post(scene, '/enrol', attempt.body)).toMatchObject({ status: 503, body: { code: 'SIGNER_DOWN' } });
  expect(await scene.trust.status.status('default')).toMatchObject({ signer: { state: 'down' } });
  held.release();
  // The same token: what was refused has used nothing.
  await vi.waitFor(async () => await enrol(scene, token), 20_000);
  expect(child.pid).not.toBe(pid);
  tunnel.send({ type: 'ping', n: 1 });
  expect(await Promise.race([tunnel.ended, tunnel.next('pong').then(() => 'alive')])).toBe('alive');
  await tunnel.close();
});

/** Kills every child that is started meanwhile, before it can serve. */
function holdAway(of: SignerChild): { release(): void } {
  const timer = setInterval(() => {
    if (of.pid !== null) process.kill(of.pid, 'SIGKILL');
  }, 5);
  return { release: () => clearInterval(timer) };
}
