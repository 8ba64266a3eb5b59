import { createHash, X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { findPinned, matchesPin, pinOf } from './pin.ts';
import { createWorld, derOf, type World } from './world.fixture.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

test('the pin is the first 32 hex digits of the SHA-256 of the key, for PEM and DER alike', () => {
  const spki = new X509Certificate(world.serverRoot.pem).publicKey.export({ format: 'der', type: 'spki' });
  expect(pinOf(world.serverRoot.pem)).toBe(createHash('sha256').update(spki).digest('hex').slice(0, 32));
  expect(pinOf(derOf(world.serverRoot.pem))).toBe(pinOf(world.serverRoot.pem));
  expect(() => pinOf('nothing')).toThrow('cannot be read');
});

test('the pinned root is found in a chain, wherever it stands, and nothing else is', () => {
  const pin = pinOf(world.serverRoot.pem);
  const chain = `${world.gateway.chainPem}${world.serverRoot.pem}`;
  expect(findPinned(chain, pin)).toBe(world.serverRoot.pem);
  expect(findPinned([new Uint8Array(3), world.gateway.der, derOf(world.serverRoot.pem)], pin)).toBe(
    world.serverRoot.pem,
  );
  expect(matchesPin(world.gateway.chainPem, pin)).toBe(false);
  expect(matchesPin(chain, pinOf(world.agentRoot.pem))).toBe(false);
  expect(matchesPin('', pin) || matchesPin([], pin)).toBe(false);
});

test('an end certificate never counts as the pinned root', () => {
  expect(matchesPin(world.gateway.chainPem, pinOf(world.gateway.der))).toBe(false);
});

test('a root behind more than ten certificates is not looked for', () => {
  const filler = Array.from({ length: 10 }, () => world.gateway.der);
  expect(matchesPin([...filler, derOf(world.serverRoot.pem)], pinOf(world.serverRoot.pem))).toBe(false);
});
