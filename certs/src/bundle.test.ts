import { beforeAll, expect, test } from 'vitest';
import { bundleDigest } from './bundle.ts';
import { createWorld, type World } from './world.fixture.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

test('the digest depends on which certificates there are, and on nothing else', () => {
  const [a, b] = [world.serverRoot.pem, world.agentRoot.pem];
  const digest = bundleDigest([a, b]);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  for (const same of [[b, a], [`${a}${b}`], [a, a, b], [`comment\n${b}\n\n${a}`]]) {
    expect(bundleDigest(same)).toBe(digest);
  }
  for (const other of [[a], [b], [a, b, world.acme.pem], []]) expect(bundleDigest(other)).not.toBe(digest);
});
