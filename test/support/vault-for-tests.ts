/**
 * A double of HashiCorp Vault for tests, where Vault itself cannot be had: its HTTP API over real TLS, as documented
 * (https://developer.hashicorp.com/vault/api-docs), as far as Casare calls it: KV version 2, AppRole, TLS certificates and
 * tokens, transit, health, and the errors. It is not Vault: what Vault does beyond its documentation is not known here.
 */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

interface Token {
  readonly isRenewable: boolean;
  /** Beginnings of paths that its policy allows. */
  readonly allows: readonly string[];
  readonly ttl: number;
  endsAt: number;
}
interface Version {
  readonly data: Record<string, unknown> | null;
  readonly deletionTime: string;
  readonly destroyed: boolean;
}
interface TransitKey {
  readonly versions: Buffer[];
  /** Older ones decrypt no more. */
  least: number;
}
interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly location?: string;
}
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string | null;
  readonly body: Record<string, unknown>;
  readonly hasCertificate: boolean;
}

export interface VaultDoubleOptions {
  readonly privateKeyPem: string;
  readonly chainPem: string;
  /** By what it verifies certificates of clients; absent: it asks for none. */
  readonly clientCa?: string;
}

export class VaultForTests {
  readonly #server: Server;
  /** What was asked for: method and path, oldest first. */
  readonly asked: string[] = [];
  /** Bodies and heads of everything that came, for tests that look for what must not be sent. */
  readonly heard: string[] = [];
  readonly secrets = new Map<string, Version[]>();
  readonly keys = new Map<string, TransitKey>();
  readonly tokens = new Map<string, Token>();
  readonly roleId = randomUUID();
  secretId = randomUUID();
  /** Of logins that follow. */
  ttlSeconds = 3_600;
  isRenewable = true;
  allows: readonly string[] = [''];
  /** Answers are for this namespace only, where there is one. */
  namespace: string | null = null;
  isSealed = false;
  isStandby = false;
  /** Instead of an answer: a status, or nothing at all. */
  instead: number | 'silence' | null = null;
  /** Errors repeat what was sent, as a careless server would. */
  echoes = false;
  /** Moves its clock, milliseconds. */
  ahead = 0;

  constructor({ privateKeyPem, chainPem, clientCa }: VaultDoubleOptions) {
    const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
    this.#server = createServer({ key: privateKeyPem, cert: chainPem, ...clients }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  async start(port = 0): Promise<this> {
    await once(this.#server.listen(port, '127.0.0.1'), 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Stores the next version of a secret; the path with its mount. */
  put(place: string, data: Record<string, unknown>): void {
    this.secrets.set(place, [...(this.secrets.get(place) ?? []), { data, deletionTime: '', destroyed: false }]);
  }

  /** Takes the newest version away. */
  take(place: string, how: 'delete' | 'destroy'): void {
    const versions = this.secrets.get(place)!;
    const gone = { data: null, deletionTime: '2026-01-02T03:04:05.678901234Z', destroyed: how === 'destroy' };
    this.secrets.set(place, [...versions.slice(0, -1), how === 'destroy' ? { ...gone, deletionTime: '' } : gone]);
  }

  /** A token as somebody made it. */
  issue(token: Partial<Token> = {}): string {
    const ttl = token.ttl ?? this.ttlSeconds;
    const id = `hvs.${randomBytes(18).toString('base64url')}`;
    const made = { isRenewable: this.isRenewable, allows: this.allows, ttl, endsAt: this.#now() + ttl * 1_000 };
    this.tokens.set(id, { ...made, ...token });
    return id;
  }

  /** Makes a transit key, or its next version. */
  rotate(name: string): void {
    const key = this.keys.get(name) ?? { versions: [], least: 1 };
    key.versions.push(randomBytes(32));
    this.keys.set(name, key);
  }

  #now(): number {
    return Date.now() + this.ahead;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const url = new URL(request.url!, 'https://vault');
    const path = decodeURIComponent(url.pathname.replace(/^\/v1\//, ''));
    this.asked.push(`${request.method} ${path}`);
    this.heard.push(`${JSON.stringify(request.headers)}\n${text}`);
    if (this.instead === 'silence') return;
    const { status, body, location } = this.#answer(request, {
      method: request.method!,
      ...{ path, query: url.searchParams, token: (request.headers['x-vault-token'] as string | undefined) ?? null },
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      hasCertificate: 'authorized' in request.socket && (request.socket as TLSSocket).authorized,
    });
    response.writeHead(status, { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) });
    const echoed =
      this.echoes && status >= 400 && body !== undefined ? { errors: [text, JSON.stringify(request.headers)] } : body;
    response.end(echoed === undefined ? undefined : JSON.stringify(echoed));
  }

  #answer(request: IncomingMessage, asked: Asked): Answer {
    const { path } = asked;
    if (typeof this.instead === 'number') return errors(this.instead, 'internal error');
    if (path.startsWith('sys/health')) return { status: this.isSealed ? 503 : 200, body: { sealed: this.isSealed } };
    if (this.isSealed) return errors(503, 'Vault is sealed');
    if (this.isStandby) return { status: 307, location: `https://active.example${request.url}` };
    if (this.namespace !== null && request.headers['x-vault-namespace'] !== this.namespace) {
      return errors(404, `no handler for route "${path}". route entry not found.`);
    }
    if (path === 'auth/approle/login') return this.#approle(asked);
    if (path === 'auth/cert/login') {
      return asked.hasCertificate ? this.#loggedIn() : errors(400, 'client certificate must be supplied');
    }
    const token = asked.token === null ? undefined : this.tokens.get(asked.token);
    if (token === undefined || token.endsAt <= this.#now()) return errors(403, 'permission denied');
    if (path.startsWith('auth/token/')) return this.#own(asked, token);
    if (!token.allows.some((beginning) => path.startsWith(beginning))) {
      return errors(403, '1 error occurred:\n\t* permission denied\n\n');
    }
    const [, verb, name] = /^transit\/(encrypt|decrypt|rewrap)\/([^/]+)$/.exec(path) ?? [];
    if (verb !== undefined && name !== undefined) return this.#transit(verb, name, asked.body);
    const [, mount, secret] = /^([^/]+)\/data\/(.+)$/.exec(path) ?? [];
    if (asked.method === 'GET' && secret !== undefined)
      return this.#kv(`${mount}/${secret}`, asked.query.get('version'));
    return errors(404, `no handler for route "${path}". route entry not found.`);
  }

  /** https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle */
  #approle({ body }: Asked): Answer {
    const known = body['role_id'] === this.roleId && body['secret_id'] === this.secretId;
    return known ? this.#loggedIn() : errors(400, 'invalid role or secret ID');
  }

  #loggedIn(): Answer {
    const token = this.issue();
    return this.#auth(token, this.tokens.get(token)!);
  }

  #auth(token: string, { ttl, isRenewable }: Token): Answer {
    const auth = {
      ...{ client_token: token, accessor: randomUUID(), policies: ['default'], token_policies: ['default'] },
      ...{
        metadata: {},
        lease_duration: ttl,
        renewable: isRenewable,
        entity_id: '',
        token_type: 'service',
        orphan: true,
      },
    };
    return { status: 200, body: { ...envelope(), data: null, auth } };
  }

  /** https://developer.hashicorp.com/vault/api-docs/auth/token */
  #own({ path, token: id }: Asked, token: Token): Answer {
    if (path === 'auth/token/lookup-self') {
      const ttl = Math.max(0, Math.round((token.endsAt - this.#now()) / 1_000));
      return { status: 200, body: { ...envelope(), data: { id, ttl, renewable: token.isRenewable, policies: [] } } };
    }
    if (path === 'auth/token/renew-self') {
      if (!token.isRenewable) return errors(400, 'lease is not renewable');
      token.endsAt = this.#now() + token.ttl * 1_000;
      return this.#auth(id!, token);
    }
    if (path === 'auth/token/revoke-self') {
      this.tokens.delete(id!);
      return { status: 204 };
    }
    return errors(404, 'unsupported path');
  }

  /** https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version */
  #kv(place: string, wanted: string | null): Answer {
    const versions = this.secrets.get(place) ?? [];
    const number = wanted === null ? versions.length : Number(wanted);
    const version = versions[number - 1];
    if (version === undefined) return { status: 404, body: { errors: [] } };
    const metadata = {
      ...{ created_time: '2026-01-01T00:00:00.123456789Z', custom_metadata: null, version: number },
      ...{ deletion_time: version.deletionTime, destroyed: version.destroyed },
    };
    return {
      status: version.data === null ? 404 : 200,
      body: { ...envelope(), data: { data: version.data, metadata } },
    };
  }

  /** https://developer.hashicorp.com/vault/api-docs/secret/transit */
  #transit(verb: string, name: string, body: Record<string, unknown>): Answer {
    const key = this.keys.get(name);
    if (key === undefined) return errors(400, 'encryption key not found');
    if (verb === 'encrypt') return this.#encrypted(key, Buffer.from(String(body['plaintext']), 'base64'), body);
    const [, version, text] = /^vault:v(\d+):(.+)$/.exec(String(body['ciphertext'])) ?? [];
    if (version === undefined || text === undefined) return errors(400, 'invalid ciphertext: no prefix');
    if (Number(version) < key.least)
      return errors(400, 'ciphertext or signature version is disallowed by policy (too old)');
    const plain = opened(key.versions[Number(version) - 1], Buffer.from(text, 'base64'));
    if (plain === null) return errors(400, 'cipher: message authentication failed');
    if (verb === 'rewrap') return this.#encrypted(key, plain, body);
    return { status: 200, body: { ...envelope(), data: { plaintext: plain.toString('base64') } } };
  }

  #encrypted(key: TransitKey, plain: Buffer, body: Record<string, unknown>): Answer {
    const version = Number(body['key_version'] ?? 0) || key.versions.length;
    const by = key.versions[version - 1];
    if (by === undefined) return errors(400, 'requested version for encryption is higher than the latest key version');
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', by, nonce);
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const data = { ciphertext: `vault:v${version}:${sealed.toString('base64')}`, key_version: version };
    return { status: 200, body: { ...envelope(), data } };
  }
}

function opened(key: Buffer | undefined, sealed: Buffer): Buffer | null {
  if (key === undefined || sealed.length < 28) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
  } catch {
    return null;
  }
}

function envelope(): object {
  const rest = { wrap_info: null, warnings: null, auth: null };
  return { request_id: randomUUID(), lease_id: '', renewable: false, lease_duration: 0, ...rest };
}

function errors(status: number, ...texts: string[]): Answer {
  return { status, body: { errors: texts } };
}
