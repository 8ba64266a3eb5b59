/**
 * The policy as steps ask it. Runs in the worker, over the policy that the agent handed it. Refusals name the rule and
 * the host or path, never an address with its path or its user: that may hold secrets.
 */
import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { realpath } from 'node:fs/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { FileUse, StepPolicy, StepRegistry } from '../engine/index.ts';
import { StepFailure } from '../engine/index.ts';
import { applicationRefusal } from './applications.ts';
import { reachedBy } from './destination.ts';
import { rootHolds } from './file-roots.ts';
import {
  canonicalName,
  type HostRefusal,
  judgeAddresses,
  judgeName,
  readHostRule,
  type HostRules,
  type Destination,
} from './host-rules.ts';
import { stepRefusal } from './patterns.decision.ts';
import { NO_POLICY, type Policy } from './policy-file.ts';

/** As `lookup` of `node:dns`. */
export type Lookup = (
  name: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface StepPolicyOptions {
  /** The system's own when absent. */
  readonly look?: Lookup | undefined;
  /** The agent home, which no root around it opens. */
  readonly home?: string | undefined;
}

/** The policy for the steps of a run. */
export function stepPolicyOf(policy: Policy, { look = lookup, home }: StepPolicyOptions = {}): StepPolicy {
  const rules = hostRulesOf(policy);
  const checkFile = (path: string, use: FileUse): Promise<void> =>
    rootHolds(policy.files, path, use, home) ? Promise.resolve() : Promise.reject(fileRefused(path, use));
  return {
    restrictsUrls: policy.domains !== undefined,
    evidence: (kind) => policy.upload?.[kind] ?? 'all',
    checkFile,
    checkUrl: async (url) => {
      const reached = reachedBy(url);
      if (reached.kind === 'refused') throw addressRefused(reached.why);
      if (reached.kind === 'file') {
        // A share of another machine: asking for its real path would go there already.
        if (reached.path.startsWith('\\\\')) await checkFile(reached.path, 'read');
        await checkFile(await realpath(reached.path).catch(() => reached.path), 'read');
      }
      if (reached.kind === 'host') await checkHost(rules, reached.scheme, reached.to, look);
    },
    lookupFor: (url) => judgedLookup(rules, url, look),
    checkScript: () => (policy.browserEvaluate === 'allowed' ? Promise.resolve() : Promise.reject(scriptRefused())),
    checkApplication: async (program) => {
      const refused = await applicationRefusal(policy.applications, program);
      if (refused !== null) throw applicationRefused(refused.program, refused.rule);
    },
  };
}

/** What holds where there is no policy: the run's own folder, and whatever the network lets it reach. */
export const unrestricted: StepPolicy = stepPolicyOf(NO_POLICY);

/** The steps that the policy lets be called; the others fail before they do anything. */
export function governed(steps: StepRegistry, policy: Policy): StepRegistry {
  return {
    find: (reference) => {
      const step = steps.find(reference);
      const refused = step === null ? null : stepRefusal(policy.steps, step.declaration.name);
      if (step === null || refused === null) return step;
      return { ...step, run: () => Promise.reject(stepRefused(step.declaration.name, refused.rule)) };
    },
  };
}

export function hostRulesOf({ domains }: Policy): HostRules {
  const read = (texts: readonly string[]) => texts.map(readHostRule).filter((rule) => rule !== null);
  return { allow: domains?.allow === undefined ? null : read(domains.allow), forbid: read(domains?.forbid ?? []) };
}

async function checkHost(rules: HostRules, scheme: string, to: Destination, look: Lookup): Promise<void> {
  const refused = judgeName(rules, to);
  if (refused !== null) throw hostRefused(scheme, to, refused);
  if (isIP(to.host) !== 0) return;
  const elsewhere = judgeAddresses(rules, to, await addressesOf(to.host, look));
  if (elsewhere !== null) throw hostRefused(scheme, to, elsewhere);
}

/** Looks a name up for a connection, and refuses what the policy does not let its address lead to. */
function judgedLookup(rules: HostRules, url: string, look: Lookup): LookupFunction {
  const reached = reachedBy(url);
  return (name, options, done) => {
    look(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, '', 0);
      // Another name is that of a proxy, which whoever runs the machine has named.
      const isMeant = reached.kind === 'host' && reached.to.host === canonicalName(name);
      const refused = isMeant
        ? judgeAddresses(
            rules,
            reached.to,
            found.map(({ address }) => address),
          )
        : null;
      if (reached.kind === 'host' && refused !== null)
        return done(hostRefused(reached.scheme, reached.to, refused), '', 0);
      if (options.all === true) return done(null, found);
      const [{ address, family } = { address: '', family: 0 }] = found;
      done(null, address, family);
    });
  };
}

/** A name that the agent cannot resolve is dialled by a proxy, which has rules of its own, or not at all. */
function addressesOf(name: string, look: Lookup): Promise<string[]> {
  return new Promise((resolve) => {
    look(name, { all: true, order: 'verbatim' }, (error, found) => {
      resolve(error === null ? found.map(({ address }) => address) : []);
    });
  });
}

const WHY: Readonly<Record<HostRefusal['why'], string>> = {
  forbidden: 'is forbidden',
  'not allowed': 'is in no line of `domains.allow`',
  metadata: 'is an address under which machines get credentials',
  loopback: "is this agent's own machine",
  nowhere: 'is no address of one host',
};

function hostRefused(scheme: string, { host, port }: Destination, refusal: HostRefusal): StepFailure {
  const shown = `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}${port === null ? '' : `:${port}`}`.slice(0, 400);
  const found =
    refusal.address === undefined || refusal.address === host ? 'it' : `it resolves to ${refusal.address}, which`;
  const rule = refusal.rule === undefined ? '' : ` by \`${refusal.rule}\` of \`domains.forbid\``;
  return refused(
    'POLICY_DOMAIN_REFUSED',
    "The agent's policy does not let steps reach this host",
    `${shown}: ${found} ${WHY[refusal.why]}${rule}. Ask whoever runs the agent to allow it in its policy.yaml, or go elsewhere.`,
  );
}

function addressRefused(why: string): StepFailure {
  const detail = `Steps do not go to this address: ${why}. Use an address of http, https, or of a system that a step connects to.`;
  return refused('POLICY_ADDRESS_REFUSED', 'The agent does not open such addresses', detail);
}

function fileRefused(path: string, use: FileUse): StepFailure {
  return refused(
    'POLICY_FILE_REFUSED',
    "The agent's policy does not open this file",
    `${path.slice(0, 1_000)} lies outside the run's folder and may not be ${use === 'read' ? 'read' : 'written'}: add its folder to \`files.${use}\` of the agent's policy.yaml, or use a relative name.`,
  );
}

function scriptRefused(): StepFailure {
  return refused(
    'POLICY_SCRIPT_REFUSED',
    "The agent's policy does not let documents run scripts in pages",
    "browser.evaluate is off unless the agent's policy says `browserEvaluate: allowed`.",
  );
}

function applicationRefused(program: string, rule: string | null): StepFailure {
  const why = rule === null ? 'is in no line of `applications.allow`' : `is forbidden by \`${rule}\``;
  return refused(
    'POLICY_APPLICATION_REFUSED',
    "The agent's policy does not let steps use this program",
    `${program.slice(0, 1_000)} ${why}. Ask whoever runs the agent to allow it in its policy.yaml.`,
  );
}

function stepRefused(name: string, rule: string | null): StepFailure {
  const why = rule === null ? 'is in no line of `steps.allow`' : `is forbidden by \`${rule}\``;
  return refused(
    'POLICY_STEP_REFUSED',
    "The agent's policy does not let this step run",
    `${name} ${why}. Ask whoever runs the agent to allow it in its policy.yaml, or use another step.`,
  );
}

function refused(code: string, title: string, detail: string): StepFailure {
  return new StepFailure({ type: 'authorization', code, title, detail, certain: true });
}
