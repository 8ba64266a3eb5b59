/**
 * Attack 27: on a rotation. No order of events leaves an agent outside, or two operators with two truths. Restarts at
 * every write of every phase: `control-plane/src/trust/rotation-crash.test.ts` and `test/system/rotation-crash.test.ts`.
 */
import { api, type Rotation } from '@casare/shared/api';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import {
  by,
  connect,
  openScene,
  renewed,
  renewOver,
  TENANT,
  type Scene,
  type TestIdentity,
  type TestTunnel,
} from '../../control-plane/src/fleet/testing.ts';
import { isRefusal, type Refusal } from '../../control-plane/src/platform/refusal.ts';
import { attack } from './attack.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const SERVICE = 'control-plane/src/trust/rotations.service.ts';
const GATE = [
  {
    file: SERVICE,
    find: 'if (gate !== null && !gate.tally.maySkip(request.leaveStragglers)) takeBack(no.gateUnmet(row, gate.view));',
  },
] as const;

const rotations = () => scene.trust.rotations;
const start = () => rotations().start(by, api.rotations.start.body.parse({ kind: 'agent_ca' }));
const advance = (id: string, more: object = {}) => rotations().advance(by, id, api.rotations.advance.body.parse(more));
const codeOf = (outcome: Rotation | Refusal) => (isRefusal(outcome) ? outcome.code : 'OK');

function must(outcome: Rotation | Refusal): Rotation {
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.detail ?? outcome.title}`);
  return outcome;
}

/** Waits until the gate lacks `missing` agents and nobody else. */
function lacks(id: string, ...missing: TestIdentity[]): Promise<void> {
  return vi.waitFor(async () => {
    const { gate } = must(await rotations().get(TENANT, id));
    expect(gate!.blockers.map((blocker) => blocker.id).toSorted()).toEqual(
      missing.map(({ agentId }) => agentId).toSorted(),
    );
  }, 20_000);
}

/** The agent takes the next certificate and connects by it. */
async function renew(identity: TestIdentity, tunnel: TestTunnel, instance: string): Promise<TestTunnel> {
  const { key, chain } = await renewOver(tunnel);
  const next = await connect(scene, renewed(identity, key, chain), { instance });
  await tunnel.ended;
  return next;
}

attack(
  27,
  'a CA is not retired while an agent that is connected stands on it: it is named, and nobody skips it',
  GATE,
  async () => {
    const identity = await scene.agent();
    const instance = randomUUID();
    const tunnel = await connect(scene, identity, { instance });
    const { id } = must(await start());
    await lacks(id);
    must(await advance(id));
    await lacks(id, identity);
    for (const leaveStragglers of [false, true]) {
      expect(await advance(id, { leaveStragglers })).toMatchObject({
        code: 'ROTATION_GATE_UNMET',
        detail: expect.stringContaining('test agent: ') as string,
      });
    }
    const next = await renew(identity, tunnel, instance);
    await lacks(id);
    must(await advance(id));
    await lacks(id);
    must(await advance(id));
    await lacks(id);
    expect(must(await advance(id)).outcome).toBe('completed');
    next.send({ type: 'ping', n: 1 });
    await next.next('pong');
  },
);

attack(
  27,
  'a rotation that is rolled back from under agents of the new CA waits until they stand on the old one again',
  GATE,
  async () => {
    const identity = await scene.agent();
    const instance = randomUUID();
    const tunnel = await connect(scene, identity, { instance });
    const { id } = must(await start());
    await lacks(id);
    must(await advance(id));
    const next = await renew(identity, tunnel, instance);
    await lacks(id);
    must(await advance(id));
    must(await rotations().rollback(by, id, { reason: 'test', dryRun: false }));
    await lacks(id, identity);
    expect(codeOf(await advance(id))).toBe('ROTATION_GATE_UNMET');
    const back = await renew(identity, next, instance);
    await lacks(id);
    expect(must(await advance(id)).outcome).toBe('rolled_back');
    back.send({ type: 'ping', n: 1 });
    await back.next('pong');
  },
);

attack(
  27,
  'of operators who move a rotation at once one does, and it is moved once',
  [
    {
      file: SERVICE,
      find: "return row?.rev === seen.rev ? row : takeBack(no.changed('somebody else has moved this rotation'));",
      replace: 'return row!;',
    },
  ],
  async () => {
    const { id } = must(await start());
    await lacks(id);
    const moves = await Promise.all([1, 2, 3, 4].map(() => advance(id)));
    const codes = moves.map(codeOf);
    expect(codes.filter((code) => code === 'OK')).toHaveLength(1);
    // Who looks a moment later sees the next phase, whose gate nobody meets yet.
    const losers = codes.filter((code) => code !== 'OK');
    expect(losers.filter((code) => !['TRUST_CHANGED', 'ROTATION_GATE_UNMET'].includes(code))).toEqual([]);
    expect(must(await rotations().get(TENANT, id))).toMatchObject({ phase: 'issue', rev: 2 });
  },
);
