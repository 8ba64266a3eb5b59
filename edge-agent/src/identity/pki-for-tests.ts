/** For tests: a small real PKI made by the product's signer. OpenSSL judges what it issues. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import {
  createLocalSigner,
  createRateLimit,
  createRequest,
  pinOf,
  readRequest,
  type Result,
  type ServerIdentity,
  tunnelClientOptions,
  type TunnelClientIdentity,
} from '@casare/certs';

export interface TestPki {
  readonly serverRoot: string;
  readonly agentRoot: string;
  readonly gateway: ServerIdentity;
  readonly pin: string;
  readonly agentId: string;
  readonly agent: TunnelClientIdentity;
  /** Issues an agent certificate for a verified request: chain, PEM. */
  issue(publicKey: Uint8Array, agentId: string): Promise<string>;
  readonly clientTls: () => ConnectionOptions;
}

export async function createTestPki(): Promise<TestPki> {
  const now = (): Date => new Date();
  const signer = createLocalSigner({
    masterKey: randomBytes(32),
    trustDomain: 'casare.test',
    gatewayHosts: ['127.0.0.1', 'localhost'],
    rateLimit: createRateLimit({ perMinute: 1_000, burst: 1_000, now }),
    now,
  });
  const open = async (id: string, made: Promise<Result<{ certificate: string; sealedKey: string }, string>>) => {
    const { certificate, sealedKey } = must(await made);
    must(await signer.addIssuer({ id, certificate, sealedKey }));
    return certificate;
  };
  const serverRoot = await open('sr', signer.createRoot({ id: 'sr', kind: 'server' }));
  const agentRoot = await open('ar', signer.createRoot({ id: 'ar', kind: 'agent' }));
  const serverCa = await open('sc', signer.signServerCa({ issuer: 'sr', id: 'sc' }));
  const agentCa = await open('ac', signer.signAgentCa({ issuer: 'ar', id: 'ac', tenant: 'acme' }));
  const gatewayKey = await createRequest();
  const hosts = ['127.0.0.1', 'localhost'];
  const publicKey = base64(must(readRequest(gatewayKey.csr)).publicKey);
  const gatewayLeaf = must(await signer.signGatewayLeaf({ issuer: 'sc', publicKey, hosts }));
  const issue = async (key: Uint8Array, agentId: string): Promise<string> => {
    const leaf = must(await signer.signAgentLeaf({ issuer: 'ac', publicKey: base64(key), agentId }));
    return leaf.certificate + agentCa;
  };
  const agentKey = await createRequest();
  const agentId = randomUUID();
  const chainPem = await issue(must(readRequest(agentKey.csr)).publicKey, agentId);
  const agent = { privateKeyPem: agentKey.privateKeyPem, chainPem };
  return {
    serverRoot,
    agentRoot,
    gateway: { privateKeyPem: gatewayKey.privateKeyPem, chainPem: gatewayLeaf.certificate + serverCa },
    pin: pinOf(serverRoot),
    agentId,
    agent,
    issue,
    clientTls: () => tunnelClientOptions(agent, '127.0.0.1', [serverRoot]),
  };
}

function must<Value>(result: Result<Value, string>): Value {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.value;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
