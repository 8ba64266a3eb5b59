/**
 * The secrets that this agent has of its own: which workflows get them, their values when a run begins, and what each may
 * be used for.
 *
 * Invariants: only names of the settings are asked of a provider, so no job decides what is read; values are handed to the run
 * and kept nowhere.
 */
import type { SecretRulesByName } from '@casare/shared/protocol';
import { describe, Fault } from '../fault.ts';
import { matchesWorkflow } from '../policy/index.ts';
import { FileSecrets } from './file-provider.ts';
import type { ObtainedSecrets, SecretSource } from './obtain.ts';
import type { SecretProvider, SecretValue } from './provider.ts';
import type { LocalSecret, ProviderSettings } from './settings.ts';
import { PassingFault, VaultSecrets } from './vault-provider.ts';

/** A provider that is away is waited for so long when a run begins, milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSES_MS = [500, 1_000, 2_000, 5_000];
/** Asked for at once. */
const AT_ONCE = 4;

export interface LocalSecretsOptions {
  /** Waits; for tests. Rejects when the signal is aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long a provider that is away is waited for, milliseconds. */
  readonly patienceMs?: number;
}

export class LocalSecrets {
  readonly #secrets: Readonly<Record<string, LocalSecret>>;
  readonly #providers: ReadonlyMap<string, SecretProvider>;
  readonly #pause: NonNullable<LocalSecretsOptions['pause']>;
  readonly #patienceMs: number;

  constructor({ providers, secrets }: ProviderSettings, options: LocalSecretsOptions = {}) {
    this.#secrets = secrets;
    this.#providers = new Map(
      Object.entries(providers).map(([name, settings]) => [
        name,
        settings.kind === 'file' ? new FileSecrets(settings.file) : new VaultSecrets(settings),
      ]),
    );
    this.#pause = options.pause ?? pause;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
  }

  /** Why a workflow (`namespace/name`) does not get these secrets here; null when it gets all. */
  refusal(names: readonly string[], workflow: string): { readonly code: string; readonly reason: string } | null {
    const missing = names.filter((name) => this.#of(name) === undefined);
    if (missing.length > 0) {
      const which = missing.map((name) => `\`${name}\``).join(', ');
      const reason = `The workflow uses ${which}, which neither the control plane nor this agent holds: store it with \`casare secrets set\` or among the agent's secret providers, and retry the job.`;
      return { code: 'SECRET_MISSING', reason };
    }
    const withheld = names.find(
      (name) => this.#of(name)!.workflows?.some((one) => matchesWorkflow(one, workflow)) === false,
    );
    if (withheld === undefined) return null;
    const reason = `The agent does not give its secret \`${withheld}\` to ${workflow}: add the workflow to \`workflows\` of that secret there.`;
    return { code: 'SECRET_WORKFLOW_REFUSED', reason };
  }

  /** Of what was given to an attempt, what is on the premises. @throws as `values` */
  readonly source: SecretSource = async ({ localSecrets = [] }, signal) => this.values(localSecrets, signal);

  /** The values, from each provider as it has them now. @throws Fault of the provider, and SECRET_FIELD_MISSING */
  async values(names: readonly string[], signal: AbortSignal): Promise<ObtainedSecrets> {
    const left = [...names];
    const found: [string, SecretValue][] = [];
    const lane = async (): Promise<void> => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) {
        found.push([name, await this.#patiently(name, signal)]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    const rules = names.map((name) => [name, rulesOf(this.#of(name)!)] as const);
    return { secrets: Object.fromEntries(found), secretRules: Object.fromEntries(rules) };
  }

  /** For `doctor`: each provider, and each secret once; what is wrong, one line each. */
  async check(signal: AbortSignal): Promise<{ readonly found: string[]; readonly wrong: Fault[] }> {
    const [found, wrong]: [string[], Fault[]] = [[], []];
    const away = new Set<string>();
    for (const [name, provider] of this.#providers) {
      try {
        found.push(`${name}: ${await provider.check(signal)}`);
      } catch (error) {
        away.add(name);
        wrong.push(faultOf(error));
      }
    }
    for (const [name, { provider }] of Object.entries(this.#secrets)) {
      if (!away.has(provider)) await this.#read(name, signal).catch((error: unknown) => wrong.push(faultOf(error)));
    }
    return { found, wrong };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#providers.values()].map((provider) => provider.close()));
  }

  #of(name: string): LocalSecret | undefined {
    return Object.hasOwn(this.#secrets, name) ? this.#secrets[name] : undefined;
  }

  async #patiently(name: string, signal: AbortSignal): Promise<SecretValue> {
    let waitedMs = 0;
    for (let turn = 0; ; turn += 1) {
      try {
        return await this.#read(name, signal);
      } catch (error) {
        const ms = PAUSES_MS[Math.min(turn, PAUSES_MS.length - 1)]!;
        if (!(error instanceof PassingFault) || waitedMs + ms > this.#patienceMs) throw error;
        await this.#pause(ms, signal);
        waitedMs += ms;
      }
    }
  }

  async #read(name: string, signal: AbortSignal): Promise<SecretValue> {
    const { provider, path = name, version, field } = this.#of(name)!;
    const value = await this.#providers.get(provider)!.read({ path, version }, signal);
    if (field === undefined) return value;
    if (typeof value !== 'string' && Object.hasOwn(value, field)) return value[field]!;
    throw new Fault(
      'SECRET_FIELD_MISSING',
      `${path} of the provider ${provider} has no text \`${field}\`: correct \`field\``,
    );
  }
}

function rulesOf({ steps, origins }: LocalSecret): SecretRulesByName[string] {
  return { ...(steps === undefined ? {} : { steps }), ...(origins === undefined ? {} : { origins }) };
}

function faultOf(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault('SECRETS_FAILED', describe(error));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new Fault('SECRETS_STOPPED', 'the run was stopped while it waited for its secrets: retry the job'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
