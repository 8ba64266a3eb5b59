/** What is wrong with a document whose shape is right: steps, arguments, references, secrets, impossible parallelism. */
import { resolveCall } from './call-target.ts';
import type { Workflow } from './document.ts';
import { isTemplate } from './duration.ts';
import { httpFileFindings } from './http-file-checks.ts';
import { type Finding, unknown } from './problem.ts';
import { FLOW_DIRECTIVES, flowFindings, useFindings, useReferences } from './references.ts';
import { isActing, restartOf } from './restart.ts';
import { schemaFindings } from './schema-findings.ts';
import { secretUses } from './secret-use.ts';
import { holding, referenceOf, subWorkflowsOf } from './sub-workflows.ts';
import { callOf, classify, type FunctionCallTask, type Task } from './task.ts';
import { allTasks, entriesOf, innerLists } from './task-list.ts';

/** Unknown steps, and literal arguments that a step does not take. */
export function argumentFindings(document: Workflow): Finding[] {
  return functionCalls(document).flatMap(({ task, path }): Finding[] => {
    const target = resolveCall(document, task.call);
    if (target.kind === 'function') return [];
    if (target.kind === 'step') return schemaFindings(target.step.with, task.with ?? {}, `${path}/with`, true);
    const { message, suggestion } = target;
    return [{ path: `${path}/call`, at: 'value', message, ...(suggestion === undefined ? {} : { suggestion }) }];
  });
}

/** Everything else that makes a document impossible to run. */
export function checkFindings(document: Workflow): Finding[] {
  return [
    ...flowFindings(document),
    ...useFindings(document),
    ...secretFindings(document),
    ...verifyFindings(document),
    ...literalFindings(document),
    ...httpFileFindings(document),
    ...desktopFindings(document),
    ...recursionFindings(document),
  ];
}

/** What will run but was probably not meant. */
export function warningsOf(document: Workflow): Finding[] {
  const secrets = new Set([
    ...secretUses(document).map(({ name }) => name),
    ...useReferences(document).map((reference) => (reference.into === 'secrets' ? reference.name : null)),
  ]);
  const whole = secretUses(document).some(({ name }) => name === null);
  const unused = (document.use?.secrets ?? []).flatMap((name, index): Finding[] =>
    whole || secrets.has(name)
      ? []
      : [{ path: `/use/secrets/${index}`, at: 'value', message: `secret \`${name}\` is not used` }],
  );
  const confusing = [...allTasks(document)].flatMap(({ name, path }): Finding[] => {
    if (!(FLOW_DIRECTIVES as readonly string[]).includes(name)) return [];
    return [{ path, at: 'key', message: `no \`then\` can name this task: \`${name}\` is a flow directive` }];
  });
  return [...unused, ...confusing];
}

function secretFindings(document: Workflow): Finding[] {
  const declared = document.use?.secrets ?? [];
  return secretUses(document).flatMap(({ path, name, allowed }): Finding[] => {
    if (!allowed) {
      const message = '`$secrets` is only there in `input.from`: take the secret in there and use it as input';
      return [{ path, at: 'value', message }];
    }
    if (name === null || declared.includes(name)) return [];
    return [unknown(path, 'value', `secret \`${name}\` is not declared: add it to \`use.secrets\``, name, declared)];
  });
}

/** A step that a probe decides about needs the probe. */
function verifyFindings(document: Workflow): Finding[] {
  return [...allTasks(document)].flatMap(({ task, path, ancestors }): Finding[] => {
    const rule = restartOf(
      document,
      task,
      ancestors.map((entry) => entry.task),
    );
    if (!isActing(document, task) || rule.onRestart !== 'verify' || rule.verify !== undefined) return [];
    return [
      {
        path,
        at: 'key',
        message: '`onRestart: verify` needs `metadata.rpa.verify`, such as `{ exists: \'row "7"\' }`',
      },
    ];
  });
}

/** What must be read before it is run, such as a script, cannot come from data. */
function literalFindings(document: Workflow): Finding[] {
  return functionCalls(document).flatMap(({ task, path }): Finding[] => {
    const target = resolveCall(document, task.call);
    if (target.kind !== 'step') return [];
    return (target.step.literals ?? []).flatMap((name): Finding[] => {
      const given: unknown = task.with?.[name];
      if (typeof given !== 'string' || !isTemplate(given)) return [];
      const message = `\`${name}\` must be written out, not computed: give data by another argument`;
      return [{ path: `${path}/with/${name}`, at: 'value', message }];
    });
  });
}

/** One machine has one pointer and one keyboard: two branches cannot both use the desktop. */
export function desktopFindings(document: Workflow): Finding[] {
  const known: Known = { functions: new Map(), workflows: new Map() };
  return [...allTasks(document)].flatMap(({ task, path }): Finding[] => {
    const [inner] = innerLists(task, path);
    if (inner?.role !== 'branches') return [];
    const branches = entriesOf(inner.list, inner.path).filter((entry) => usesDesktop(document, entry.task, known));
    const [first, second] = branches;
    if (first === undefined || second === undefined) return [];
    const message = `branches \`${first.name}\` and \`${second.name}\` both use the desktop: run them one after the other`;
    return [{ path: second.path, at: 'key', message }];
  });
}

/** Whether functions and sub-workflows use the desktop: each is looked at once. */
interface Known {
  readonly functions: Map<string, boolean>;
  readonly workflows: Map<string, boolean>;
}

function once(known: Map<string, boolean>, key: string, look: () => boolean): boolean {
  if (!known.has(key)) {
    // A cycle, which is refused elsewhere, ends here.
    known.set(key, false);
    known.set(key, look());
  }
  return known.get(key)!;
}

function usesDesktop(document: Workflow, task: Task, known: Known): boolean {
  const classified = classify(task);
  if (classified.kind === 'run') {
    const reference = referenceOf(classified.task);
    const found = subWorkflowsOf(document)[reference];
    if (found === undefined) return false;
    const inner = holding(found, document);
    const within: Known = { functions: new Map(), workflows: known.workflows };
    const says = inner.document.metadata?.rpa?.slot === 'desktop';
    const does = () => entriesOf(inner.do, '').some((entry) => usesDesktop(inner, entry.task, within));
    return once(known.workflows, reference, () => says || does());
  }
  if (classified.kind === 'call') {
    const call = callOf(classified.task);
    if (call.to !== 'function') return false;
    if (call.reference.startsWith('desktop.')) return true;
    const target = resolveCall(document, call.reference);
    if (target.kind === 'step') return target.step.slot === 'desktop';
    if (target.kind === 'unknown') return false;
    return once(known.functions, target.entry.path, () => usesDesktop(document, target.entry.task, known));
  }
  return innerLists(task, '').some(({ list, path }) =>
    entriesOf(list, path).some((entry) => usesDesktop(document, entry.task, known)),
  );
}

/** Functions that call themselves, directly or through others: a run could not be bounded. */
function recursionFindings(document: Workflow): Finding[] {
  const calls = new Map<string, { name: string; path: string }[]>();
  for (const { task, path } of functionCalls(document)) {
    const caller = /^\/use\/functions\/([^/]+)/.exec(path)?.[0];
    const target = resolveCall(document, task.call);
    if (caller === undefined || target.kind !== 'function') continue;
    calls.set(caller, [...(calls.get(caller) ?? []), { name: target.entry.path, path: `${path}/call` }]);
  }
  const done = new Set<string>();
  const findings: Finding[] = [];
  for (const start of calls.keys()) visit(start, new Set());
  return findings;

  function visit(name: string, above: ReadonlySet<string>): void {
    if (done.has(name)) return;
    const chain = new Set([...above, name]);
    for (const call of calls.get(name) ?? []) {
      if (chain.has(call.name))
        findings.push({
          path: call.path,
          at: 'value',
          message: 'a function cannot call itself, nor one that calls it',
        });
      else visit(call.name, chain);
    }
    done.add(name);
  }
}

function functionCalls(document: Workflow): { readonly task: FunctionCallTask; readonly path: string }[] {
  return [...allTasks(document)].flatMap(({ task, path }) => {
    const classified = classify(task);
    if (classified.kind !== 'call' || callOf(classified.task).to !== 'function') return [];
    return [{ task: classified.task as FunctionCallTask, path }];
  });
}
