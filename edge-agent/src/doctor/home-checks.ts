/** The checks of what lies in the agent home: its owner, the policy, the settings of secret providers. */
import { statSync } from 'node:fs';
import { type AgentHome, keyStorage, permissionProblems } from '../identity/index.ts';
import { type Policy, policyPlace, readPolicy } from '../policy/index.ts';
import { LocalSecrets, readProviderSettings } from '../secrets/index.ts';
import { broken, type Check, finding, ok } from './check.ts';

/** For all that is asked of providers of secrets. */
const SECRETS_MS = 60_000;
/** Lists are shown up to so many entries. */
const SHOWN = 3;

/** Who may enter the home. Root looks at it as the agent's own user. */
export function checkHome(home: AgentHome): Check | Check[] {
  const found = statSync(home.root, { throwIfNoEntry: false });
  if (found === undefined) return finding('agent home', 'HOME_MISSING', `${home.root} does not exist`);
  const own = process.getuid?.();
  const problems = permissionProblems(home, own === 0 ? found.uid : own);
  if (problems.length === 0) return ok('agent home', `${home.root}, private; keys: ${keyStorage()}`);
  return problems.map((problem) => {
    const cut = problem.lastIndexOf(': ');
    return finding('agent home', 'HOME_OPEN', problem.slice(0, cut), problem.slice(cut + 2));
  });
}

/** Whether the policy can be read, who could change it, and what it forbids in short. */
export function checkPolicy(home: AgentHome, environment: NodeJS.ProcessEnv): Check {
  const { file, digest, exposed, policy } = readPolicy(policyPlace(environment['CASARE_POLICY'], home.root));
  if (file === null) return ok('policy', 'none: jobs may do what steps can do');
  const found = `${file}, ${digest.slice(0, 16)}: ${inShort(policy)}`;
  if (!exposed) return ok('policy', found);
  return finding('policy', 'POLICY_EXPOSED', `${found}; jobs run as its owner and could change it`);
}

/** What a policy forbids, in one line. */
export function inShort(policy: Policy): string {
  const lists = (['steps', 'domains', 'applications', 'workflows'] as const).flatMap((name) => [
    ...only(name, policy[name]?.allow),
    ...never(name, policy[name]?.forbid),
  ]);
  const kept = Object.entries(policy.upload ?? {})
    .filter(([, rule]) => rule === 'none')
    .map(([kind]) => kind);
  const rules = [
    ...lists,
    ...(policy.signed === 'required' ? ['only signed workflows'] : []),
    ...(policy.browserEvaluate === 'allowed' ? [] : ['no scripts in pages']),
    ...(policy.watch === true ? [] : ['no watching']),
    ...(kept.length === 0 ? [] : [`${kept.join(', ')} stay here`]),
  ];
  return rules.length === 0 ? 'it forbids nothing' : rules.join('; ');
}

function only(name: string, allowed: readonly string[] | undefined): string[] {
  return allowed === undefined ? [] : [`only ${name} ${shown(allowed)}`];
}

function never(name: string, forbidden: readonly string[] | undefined): string[] {
  return forbidden === undefined || forbidden.length === 0 ? [] : [`no ${name} ${shown(forbidden)}`];
}

function shown(entries: readonly string[]): string {
  if (entries.length === 0) return '(none)';
  const more = entries.length - SHOWN;
  return `${entries.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Reaches each provider, and reads each secret once. */
export async function checkSecrets(home: AgentHome, environment: NodeJS.ProcessEnv): Promise<Check> {
  const { settings, file } = readProviderSettings(environment['CASARE_SECRET_PROVIDERS'], home.root);
  if (file === null) return ok('secret providers', 'none: secrets come from the control plane');
  const secrets = new LocalSecrets(settings);
  try {
    const { found, wrong } = await secrets.check(AbortSignal.timeout(SECRETS_MS));
    const [first, ...others] = wrong;
    if (first === undefined) {
      const count = Object.keys(settings.secrets).length;
      return ok('secret providers', [...found, `${count} secrets can be read`].join('; '));
    }
    const check = broken('secret providers', first);
    return others.length === 0 ? check : { ...check, found: `${check.found} (and ${others.length} more)` };
  } finally {
    await secrets.close();
  }
}
