/** Sub-workflows: pinned into the document that runs them, and seen by everything that looks at it. */
import { describe, expect, it } from 'vitest';
import { analyse } from './analyse.ts';
import type { Workflow } from './document.ts';
import { embedSubWorkflows } from './embed.ts';
import { documentOf } from './fixtures.test-support.ts';
import { workflowJsonSchema } from './json-schema.ts';
import { longestDurationMs } from './longest-duration.ts';
import { normalise } from './normalise.ts';
import { parseWorkflow } from './parse.ts';
import { unsafeReachable } from './reachable.ts';
import { subWorkflowsOf } from './sub-workflows.ts';

const runs = (name: string, more = ''): string =>
  `run: { workflow: { namespace: n, name: ${name}, version: 1.0.0${more} } }`;
function named(name: string, text: string): Workflow {
  return normalise(documentOf(`document: { dsl: '1.0.3', namespace: n, name: ${name}, version: '1.0.0' }\n${text}`));
}
/** Saves documents one after the other, as people push them; the last one, whole. */
function saved(...documents: readonly Workflow[]): Workflow {
  const known = new Map<string, Workflow>();
  let last: Workflow | undefined;
  for (const document of documents) {
    const embedded = embedSubWorkflows(document, known);
    if (!embedded.ok) throw new Error(JSON.stringify(embedded.findings));
    known.set(`n/${document.document.name}@1.0.0`, (last = embedded.document));
  }
  return last!;
}
const CLICK = named('click', `do: [{ it: { call: browser.click, with: { target: 'button' } } }]`);
const READ = named(
  'read',
  `use: { secrets: [a] }
do: [{ it: { input: { from: $secrets.a }, call: browser.open, with: { url: 'https://a.example/x' } } }]`,
);
const top = (list: string): Workflow => named('top', `do: ${list}`);

describe('a saved document', () => {
  it('holds its sub-workflows, and theirs, each once and none inside another', () => {
    const middle = named('middle', `do: [{ a: { ${runs('click')} } }]`);
    const document = saved(CLICK, middle, top(`[{ a: { ${runs('middle')} } }, { b: { ${runs('click')} } }]`));
    const held = subWorkflowsOf(document);
    expect(Object.keys(held).sort()).toEqual(['n/click@1.0.0', 'n/middle@1.0.0']);
    expect(held['n/middle@1.0.0']?.document).not.toHaveProperty('metadata');
    // Saving it again changes nothing.
    expect(normalise(document)).toEqual(document);
  });

  it('is refused when one is not there, with the place that names it', () => {
    const document = top(`[{ a: { ${runs('nowhere')} } }]`);
    expect(embedSubWorkflows(document, new Map())).toMatchObject({
      findings: [{ path: '/do/0/a/run/workflow', message: expect.stringContaining('n/nowhere@1.0.0') as string }],
    });
  });

  it('is refused when it would run itself, directly or through others, with the chain that leads back', () => {
    const first = named('top', 'do: [{ a: { set: {} } }]');
    const inner = named('inner', `do: [{ a: { ${runs('top')} } }]`);
    const middle = named('middle', `do: [{ a: { ${runs('click')} } }, { b: { ${runs('inner')} } }]`);
    // A version that was saved before, which the others run, and which is changed now without another number.
    const again = (name: string) => top(`[{ a: { set: {} } }, { b: { ${runs(name)} } }]`);
    expect(() => saved(CLICK, first, inner, middle, again('middle'))).toThrow(
      'n/top@1.0.0 -> n/middle@1.0.0 -> n/inner@1.0.0 -> n/top@1.0.0',
    );
    expect(embedSubWorkflows(again('top'), new Map())).toMatchObject({
      findings: [{ path: '/do/1/b/run/workflow', message: 'it would run itself: n/top@1.0.0 -> n/top@1.0.0' }],
    });
  });

  it('is refused when they are too many, or too large', () => {
    const many = Array.from({ length: 51 }, (_, n) => named(`w${n}`, 'do: [{ a: { set: {} } }]'));
    const list = `[${many.map((_, n) => `{ t${n}: { ${runs(`w${n}`)} } }`).join(', ')}]`;
    expect(() => saved(...many, top(list))).toThrow(/51 documents/);
    const large = (name: string) => named(name, `do: [{ a: { set: { x: '${'x'.repeat(600_000)}' } } }]`);
    const both = top(`[{ a: { ${runs('one')} } }, { b: { ${runs('two')} } }]`);
    expect(() => saved(large('one'), large('two'), both)).toThrow(/1048576/);
    expect(() => saved(...many.slice(1), top(list.replace(/\{ t0: .*?\} \} \}, /, '')))).not.toThrow();
  });

  it('is refused when branches would use the desktop at once', () => {
    const desk = {
      ...CLICK,
      document: { ...CLICK.document, name: 'desk', metadata: { rpa: { slot: 'desktop' as const } } },
    };
    const fork = (one: string, two: string): Workflow =>
      top(`[{ f: { fork: { branches: [{ a: { ${runs(one)} } }, { b: { ${runs(two)} } }] } } }]`);
    expect(() => saved(CLICK, desk, fork('desk', 'click'))).not.toThrow();
    expect(() => saved(CLICK, desk, fork('desk', 'desk'))).toThrow(/both use the desktop/);
  });

  it.each([
    [
      'documents that the author put in',
      "document: { dsl: '1.0.3', namespace: n, name: w, version: '1.0.0', metadata: { rpa: { workflows: {} } } }\ndo: [{ a: { set: {} } }]",
    ],
    [
      'a run that nobody waits for',
      `document: { dsl: '1.0.3', namespace: n, name: w, version: '1.0.0' }\ndo: [{ a: { run: { await: false, workflow: { namespace: n, name: x, version: 1.0.0 } } } }]`,
    ],
  ])('is refused with %s', (_, text) => {
    expect(parseWorkflow(text)).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringMatching(/refused|filled in/) as string }],
    });
  });

  it('has no member for them in the schema that editors read', () => {
    expect(JSON.stringify(workflowJsonSchema())).not.toContain('"workflows"');
  });
});

describe('what is derived from it', () => {
  it('counts what sub-workflows need, touch and do', () => {
    const analysis = analyse(saved(CLICK, READ, top(`[{ a: { ${runs('read')} } }, { b: { ${runs('click')} } }]`)));
    expect(analysis).toMatchObject({ slot: 'browser', secrets: ['a'], domains: ['a.example'], serverless: false });
    expect(analysis.steps.map(({ path, effect }) => [path, effect])).toEqual([
      ['/document/metadata/rpa/workflows/n~1read@1.0.0/do/0/it', 'idempotent'],
      ['/document/metadata/rpa/workflows/n~1click@1.0.0/do/0/it', 'unsafe'],
    ]);
  });

  it('adds their longest times', () => {
    const wait = named('wait', 'do: [{ a: { wait: { minutes: 2 } } }]');
    expect(longestDurationMs(saved(wait, top(`[{ a: { ${runs('wait')} } }, { b: { ${runs('wait')} } }]`)))).toBe(
      240_000,
    );
    expect(longestDurationMs(top(`[{ a: { ${runs('wait')} } }]`))).toBeNull();
  });

  it('reaches a step that must not be repeated only where one of them has it', () => {
    const reaches = (document: Workflow): boolean => unsafeReachable(document, []).reachable;
    expect(reaches(saved(READ, top(`[{ a: { ${runs('read')} } }]`)))).toBe(false);
    expect(reaches(saved(CLICK, top(`[{ a: { ${runs('click')} } }]`)))).toBe(true);
    const middle = named('middle', `do: [{ a: { ${runs('click')} } }]`);
    expect(reaches(saved(CLICK, middle, top(`[{ a: { ${runs('middle')} } }]`)))).toBe(true);
  });

  it('is found once for each document, however often it is run', () => {
    // Each runs the one before twice: 2 to the power of 40 runs.
    const chain = Array.from({ length: 40 }, (_, n) =>
      n === 0
        ? named('w0', 'do: [{ a: { wait: { seconds: 1 } } }]')
        : named(`w${n}`, `do: [{ a: { ${runs(`w${n - 1}`)} } }, { b: { ${runs(`w${n - 1}`)} } }]`),
    );
    const document = saved(...chain);
    expect(longestDurationMs(document)).toBe(2 ** 39 * 1_000);
    expect(analyse(document).steps).toEqual([]);
    expect(unsafeReachable(document, []).reachable).toBe(false);
  });
});
