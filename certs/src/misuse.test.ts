/**
 * Certificates used for what they are not: real handshakes on loopback, OpenSSL is the judge, and each refusal has a
 * control that passes without its cause.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { createAgentCa, tenantConstraints } from './agent-ca.ts';
import { directAnchors } from './anchors.ts';
import { caExtensions, DAY_MS, HOUR_MS, leafExtensions, signCertificate, signSelf } from './certificate.ts';
import { readCertificate } from './contents.ts';
import { readIdentity } from './identity.ts';
import { generateKey, importSigningKey } from './keys.ts';
import { agentUri } from './names.ts';
import { tunnelClientOptions, tunnelServerOptions } from './tls.ts';
import {
  AGENT_ID,
  createWorld,
  handshake,
  must,
  rogue,
  testCa,
  TRUST_DOMAIN,
  type TestCa,
  type TestLeaf,
  type World,
} from './world.fixture.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Extension,
} from './x509.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

const { clientAuth, serverAuth } = ExtendedKeyUsage;
const uri = (tenant: string) => agentUri({ tenant, trustDomain: TRUST_DOMAIN, agentId: AGENT_ID });

/** The tunnel handshake with `leaf` as the agent's certificate: up to the root, and up to the tenants' CAs alike. */
async function dial(leaf: TestLeaf) {
  const roots = [world.agentRoot.pem];
  const cas = directAnchors([world.acme.pem, world.globex.pem], roots);
  expect(cas).toHaveLength(2);
  const [byAddress, byName] = ['127.0.0.1', 'gateway.test'].map((host) =>
    tunnelClientOptions(leaf, host, [world.serverRoot.pem]),
  );
  const outcome = await handshake(tunnelServerOptions(world.gateway, roots), byAddress!);
  const { server, client } = await handshake(tunnelServerOptions(world.gateway, roots, cas), byName!);
  expect({ server, client }).toEqual({ server: outcome.server, client: outcome.client });
  return outcome;
}

/** The tunnel handshake with `leaf` as the gateway's certificate, for an agent that trusts `root`. */
function serve(leaf: TestLeaf, root: TestCa) {
  const server = tunnelServerOptions(leaf, [world.agentRoot.pem]);
  return handshake(server, tunnelClientOptions(world.agent, 'gateway.test', [root.pem]));
}

/** A CA below the agent root that lacks what `extensions` leaves out. */
async function looseCa(extensions: Parameters<typeof signCertificate>[0]['extensions'], root = world.agentRoot) {
  const keys = await generateKey('P-256');
  const blueprint = {
    subject: [{ CN: ['loose CA'] }],
    publicKey: keys.publicKey,
    now: new Date(),
    lifetimeMs: DAY_MS,
    extensions,
  };
  return testCa({ ...must(await signCertificate(blueprint, root.issuer)), privateKey: keys.privateKey });
}

/** A root of no profile of ours, to show one cause of refusal at a time. */
async function purposelessRoot(): Promise<TestCa> {
  const keys = await generateKey('P-256');
  const keyUsage = new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true);
  const blueprint = {
    subject: [{ CN: ['any root'] }],
    publicKey: keys.publicKey,
    now: new Date(),
    lifetimeMs: DAY_MS,
    extensions: [new BasicConstraintsExtension(true, 1, true), keyUsage],
  };
  const issued = await signSelf(blueprint, await importSigningKey(keys.privateKey, 'P-256'), 'P-256');
  return testCa({ ...issued, privateKey: keys.privateKey });
}

/** An agent's certificate signed by `parent`'s key, whether or not `parent` is a CA. */
async function signBelow(parent: Awaited<ReturnType<typeof rogue>>): Promise<TestLeaf> {
  const contents = must(readCertificate(parent.der));
  const key = await importSigningKey(parent.keys.privateKey, 'P-256');
  const ca = { pem: parent.chainPem, issuer: { contents, curve: 'P-256' as const, key } };
  return rogue(ca, { names: [`url:${uri('acme')}`], purpose: clientAuth });
}

const bareCa = () => [
  new BasicConstraintsExtension(true, 0, true),
  new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
];

describe("a stolen tenant CA's key", () => {
  test('control: what it may sign is admitted, so the refusals below have the cause they name', async () => {
    const leaf = await rogue(world.acme, { names: [`url:${uri('acme')}`], purpose: clientAuth });
    expect(await dial(leaf)).toMatchObject({ server: 'OK', client: 'OK' });
  });

  /** Node has no code of its own for name-constraint errors; the control below shows that they are the cause. */
  const constrained = [
    [`url:${uri('globex')}`],
    [`url:spiffe://x.t-acme.${TRUST_DOMAIN}/agent/${AGENT_ID}`],
    [`url:spiffe://t-acme.${TRUST_DOMAIN}.evil.test/agent/${AGENT_ID}`],
    [`url:spiffe://t-acme.${TRUST_DOMAIN}@evil.test/agent/${AGENT_ID}`],
    [`url:spiffe://t-globex.${TRUST_DOMAIN}:1/agent/${AGENT_ID}`],
    [`url:${uri('acme')}`, `url:${uri('globex')}`],
    ['dns:gateway.test'],
    [`url:${uri('acme')}`, 'dns:gateway.test'],
    [`url:${uri('acme')}`, 'ip:127.0.0.1'],
    [`url:${uri('acme')}`, 'ip:::1'],
    [`url:${uri('acme')}`, 'email:a@example.test'],
  ];

  test.each(constrained)('the name constraints refuse %s %s', async (...names) => {
    expect((await dial(await rogue(world.acme, { names, purpose: clientAuth }))).server).toBe('UNSPECIFIED');
    // Control: a CA like the tenant's but without constraints gets the same names past OpenSSL ...
    const loose = await looseCa(caExtensions(0, clientAuth));
    const passed = await dial(await rogue(loose, { names, purpose: clientAuth }));
    expect(passed.server).toBe('OK');
    // ... and then admission refuses whatever is not one agent's exact name.
    const identity = readIdentity(passed.peer ?? new Uint8Array(), TRUST_DOMAIN);
    expect(identity.ok ? identity.value.tenant : identity.code).toMatch(/^(PEER_\w+|globex)$/);
  });

  test('a host-like common name does not stand in for a DNS name', async () => {
    const wanted = { names: [`url:${uri('acme')}`], purpose: clientAuth, commonName: 'gateway.test' };
    expect((await dial(await rogue(world.acme, wanted))).server).toBe('UNSPECIFIED');
  });

  test('serverAuth is refused as a client', async () => {
    const leaf = await rogue(world.acme, { names: [`url:${uri('acme')}`], purpose: serverAuth });
    expect((await dial(leaf)).server).toBe('INVALID_PURPOSE');
  });

  test('as a gateway it is refused by its anchor, by its purpose and by its constraints, each alone', async () => {
    const wanted = { names: ['dns:gateway.test'], purpose: serverAuth };
    // Its anchor: agents trust the server root alone.
    expect((await serve(await rogue(world.acme, wanted), world.serverRoot)).client).not.toBe('OK');
    // Even an agent that trusted the agent root.
    expect((await serve(await rogue(world.acme, wanted), world.agentRoot)).client).not.toBe('OK');
    // Below a root without a purpose: a CA without purpose and constraints passes (control) ...
    const anyRoot = await purposelessRoot();
    const loose = await looseCa(bareCa(), anyRoot);
    expect((await serve(await rogue(loose, wanted), anyRoot)).client).toBe('OK');
    // ... with the tenant's purpose alone it is refused ...
    const purposeOnly = await looseCa(caExtensions(0, clientAuth), anyRoot);
    expect((await serve(await rogue(purposeOnly, wanted), anyRoot)).client).toBe('INVALID_PURPOSE');
    // ... and with the tenant's constraints alone too.
    const constrained = await looseCa([...bareCa(), tenantConstraints(`t-acme.${TRUST_DOMAIN}`)], anyRoot);
    expect((await serve(await rogue(constrained, wanted), anyRoot)).client).toBe('excluded subtree violation');
  });

  test('it cannot make another CA: path length 0', async () => {
    const sub = await rogue(world.acme, { purpose: clientAuth, extensions: caExtensions(0, clientAuth) });
    expect((await dial(await signBelow(sub))).server).toBe('PATH_LENGTH_EXCEEDED');
  });
});

describe('certificates that are not what they are used for', () => {
  test('a leaf used as a CA is refused, and so is a CA without basic constraints', async () => {
    const loose = await looseCa([
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ]);
    const parent = (extensions: Extension[]) => rogue(loose, { purpose: clientAuth, extensions });
    const keyCertSign = new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true);
    // Control: with basic constraints the very same chain is admitted.
    const proper = await parent([new BasicConstraintsExtension(true, 0, true), keyCertSign]);
    expect((await dial(await signBelow(proper))).server).toBe('OK');
    expect((await dial(await signBelow(await parent([keyCertSign])))).server).toBe('INVALID_CA');
    expect((await dial(await signBelow(await parent(leafExtensions(clientAuth))))).server).not.toBe('OK');
    const notCa = [new BasicConstraintsExtension(false, undefined, true), keyCertSign];
    expect((await dial(await signBelow(await parent(notCa)))).server).not.toBe('OK');
  });

  test('an expired leaf is refused, the same leaf a day earlier is not', async () => {
    const old = new Date(Date.now() - 2 * HOUR_MS);
    const names = [`url:${uri('acme')}`];
    const expired = await rogue(world.acme, { names, purpose: clientAuth, now: old, lifetimeMs: HOUR_MS });
    expect((await dial(expired)).server).toBe('CERT_HAS_EXPIRED');
    const valid = await rogue(world.acme, { names, purpose: clientAuth, now: old, lifetimeMs: 3 * HOUR_MS });
    expect((await dial(valid)).server).toBe('OK');
  });

  test("the gateway's certificate as a client is refused", async () => {
    const both = tunnelServerOptions(world.gateway, [world.agentRoot.pem, world.serverRoot.pem]);
    const client = tunnelClientOptions(world.gateway, 'gateway.test', [world.serverRoot.pem]);
    expect((await handshake(both, client)).server).toBe('INVALID_PURPOSE');
    expect((await dial(world.gateway)).server).not.toBe('OK');
  });

  test("an agent's certificate as a gateway is refused even by who trusts its root", async () => {
    expect((await serve(world.agent, world.agentRoot)).client).toBe('INVALID_PURPOSE');
  });

  test('an agent CA of another installation is refused', async () => {
    const foreign = await createWorld();
    expect((await dial(foreign.agent)).server).not.toBe('OK');
  });

  test('a CA whose own life is over takes its leaves with it', async () => {
    const now = new Date(Date.now() - 3 * DAY_MS);
    const options = { tenant: 'acme', trustDomain: TRUST_DOMAIN, now, lifetimeDays: 1 };
    const past = await createWorld(now);
    const shortCa = await testCa(must(await createAgentCa(past.agentRoot.issuer, options)));
    const leaf = await rogue(shortCa, {
      names: [`url:${uri('acme')}`],
      purpose: clientAuth,
      now,
      lifetimeMs: 9 * DAY_MS,
    });
    const server = tunnelServerOptions(world.gateway, [past.agentRoot.pem]);
    const outcome = await handshake(server, tunnelClientOptions(leaf, 'gateway.test', [world.serverRoot.pem]));
    expect(outcome.server).toBe('CERT_HAS_EXPIRED');
  });
});
