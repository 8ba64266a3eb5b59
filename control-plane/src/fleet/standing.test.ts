/** An agent is told how it stands: at its greeting, and with a pong when a person has changed it; nothing is said twice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { by, dial, hello, openScene, type Scene, type TestTunnel } from './testing.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

async function pong(tunnel: TestTunnel, n: number) {
  tunnel.send({ type: 'ping', n });
  return tunnel.next('pong', (message) => message.n === n);
}

it('its state and the version of the control plane come with welcome, a change with the next pong', async () => {
  const { agentId, ...identity } = await scene.agent({ autoApprove: false });
  const tunnel = dial(scene, { agentId, ...identity });
  expect(await tunnel.opened).toBe(true);
  tunnel.send(hello());
  const welcome = await tunnel.next('welcome');
  expect(welcome).toMatchObject({ agentState: 'pending', version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string });
  expect(await pong(tunnel, 1)).not.toHaveProperty('agentState');
  await scene.fleet.agents.act(by, agentId, 'approve');
  let n = 1;
  await expect.poll(async () => (await pong(tunnel, (n += 1))).agentState).toBe('active');
  expect(await pong(tunnel, (n += 1))).not.toHaveProperty('agentState');
  await tunnel.close();
});
