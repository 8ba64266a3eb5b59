/** Secrets of HashiCorp Vault, KV version 2, asked for by the agent itself: the control plane has no part in it. */
import { readKv, VaultFault, VaultSession, type VaultAuth } from '@casare/shared/vault';
import { Fault } from '../fault.ts';
import { readPrivate } from './private-file.ts';
import type { SecretProvider, SecretReference, SecretValue } from './provider.ts';
import type { VaultSettings } from './settings.ts';
import { dialVault } from './vault-dial.ts';

/** A fault of a provider that may pass by itself. */
export class PassingFault extends Fault {}

export class VaultSecrets implements SecretProvider {
  readonly kind = 'vault';
  readonly #session: VaultSession;
  readonly #mount: string;

  constructor({ address, namespace, caFile, mount, timeoutSeconds, auth }: VaultSettings) {
    this.#mount = mount;
    const client = auth.method === 'cert' ? { certFile: auth.certFile, keyFile: auth.keyFile } : undefined;
    this.#session = new VaultSession({
      ...{ address, namespace, auth: authOf(auth), send: dialVault({ address, caFile, client }) },
      timeoutMs: timeoutSeconds * 1_000,
      now: () => performance.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms).unref();
        return () => clearTimeout(timer);
      },
    });
  }

  async read(reference: SecretReference, signal: AbortSignal): Promise<SecretValue> {
    return told(() => readKv(this.#session, { mount: this.#mount, ...reference }, signal));
  }

  async check(signal: AbortSignal): Promise<string> {
    return told(async () => {
      await this.#session.health(signal);
      await this.#session.login();
      return `Vault at ${this.#session.address}, logged in`;
    });
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

function authOf(auth: VaultSettings['auth']): VaultAuth {
  switch (auth.method) {
    case 'approle': {
      const { method, mount, roleId, secretIdFile } = auth;
      return { method, mount, roleId: () => Promise.resolve(roleId), secretId: () => readPrivate(secretIdFile) };
    }
    case 'token':
      return { method: 'token', token: () => readPrivate(auth.tokenFile) };
    case 'cert':
      return { method: 'cert', mount: auth.mount, role: auth.role };
  }
}

async function told<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof VaultFault)) throw error;
    const fault = error.isPassing ? PassingFault : Fault;
    // Without its cause: nobody needs more than the line.
    throw new fault(error.code, error.message);
  }
}
