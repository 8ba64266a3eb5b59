import { describe, expect, it } from 'vitest';
import { documentOf, INVOICES } from '../fixtures.test-support.ts';
import { workflowJsonSchema } from '../json-schema.ts';
import { normalise } from '../normalise.ts';
import { parseWorkflow } from '../parse.ts';
import { CATALOG, exactReference, findStep } from './index.ts';

const HEAD = { document: { dsl: '1.0.3', namespace: 'test', name: 'test', version: '1.0.0' } };

describe('the catalogue', () => {
  it('has each step once and finds it by every form of its reference', () => {
    expect(new Set(CATALOG.map(exactReference)).size).toBe(CATALOG.length);
    for (const step of CATALOG) {
      for (const reference of [
        step.name,
        `${step.name}:${step.version}`,
        exactReference(step),
        `${step.name}@default`,
      ]) {
        expect(findStep(reference)).toEqual({ ok: true, step });
      }
    }
  });

  it.each(CATALOG.map((step) => [step.name, step] as const))('%s: its example is valid', (name, { example }) => {
    expect(parseWorkflow(JSON.stringify({ ...HEAD, do: [{ it: { call: name, with: example } }] }))).toMatchObject({
      ok: true,
    });
  });

  it('declares what changes the world as unsafe, and what reads or writes under a name as idempotent', () => {
    const unsafe = CATALOG.filter(({ effect }) => effect === 'unsafe').map(({ name }) => name);
    expect(unsafe).toEqual([
      'browser.click',
      'browser.fill',
      'browser.type',
      'browser.press',
      'browser.select',
      'browser.check',
      'browser.upload',
      'browser.evaluate',
      'files.move',
      'files.delete',
      'mail.send',
      'db.execute',
      'desktop.open',
      'desktop.close',
      'desktop.click',
      'desktop.doubleClick',
      'desktop.rightClick',
      'desktop.setValue',
      'desktop.type',
      'desktop.keys',
      'desktop.select',
      'desktop.check',
      'desktop.expand',
      'desktop.scroll',
      'desktop.drag',
    ]);
    expect(CATALOG.filter(({ effect }) => effect === 'checkable')).toEqual([]);
  });

  it.each([
    ['browser.clik', 'browser.click'],
    ['browser.screnshot:1.0.0@default', 'browser.screenshot'],
    ['Browser.Open', 'browser.open'],
    ['browser.click:2.0.0', 'browser.click:1.0.0'],
  ])('suggests for %s', (reference, suggestion) => {
    expect(findStep(reference)).toMatchObject({ ok: false, suggestion });
  });

  it('suggests nothing for what is like nothing', () => {
    expect(findStep('quantum.flux')).toEqual({ ok: false, message: 'there is no step `quantum.flux`' });
  });
});

describe('normalise', () => {
  it('pins every call, wherever it stands, and leaves the rest and the original alone', () => {
    const text = `use: { functions: { own: { call: log, with: { message: x } } } }
do:
  - a: { try: [{ b: { call: browser.open, with: { url: 'https://a.example' } } }], catch: { do: [{ c: { call: log:1.0.0, with: { message: x } } }] } }
  - d: { fork: { branches: [{ e: { call: own } }, { f: { for: { in: [1] }, do: [{ g: { call: assert, with: { that: true } } }] } }] } }
  - h: { call: http, with: { method: get, endpoint: 'https://a.example' } }
`;
    const document = documentOf(text);
    const before = JSON.stringify(document);
    const pinned = JSON.stringify(normalise(document));
    expect([...pinned.matchAll(/"call":"([^"]+)"/g)].map((match) => match[1])).toEqual([
      'log:1.0.0@default',
      'browser.open:1.0.0@default',
      'log:1.0.0@default',
      'own',
      'assert:1.0.0@default',
      'http',
    ]);
    expect(JSON.stringify(document)).toBe(before);
    expect(pinned.replaceAll(':1.0.0@default', '')).toBe(before.replaceAll(':1.0.0', ''));
  });

  it('gives the same when done again', () => {
    const once = normalise(documentOf(INVOICES));
    expect(normalise(once)).toEqual(once);
  });
});

describe('the JSON Schema for editors', () => {
  it('knows every step by its references, and refers only to what it defines', () => {
    const text = JSON.stringify(workflowJsonSchema());
    for (const step of CATALOG)
      expect(text).toContain(JSON.stringify([step.name, `${step.name}:1.0.0`, exactReference(step)]));
    const named = new Set(Object.keys(workflowJsonSchema().$defs!).map((name) => `#/$defs/${name}`));
    expect(new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]))).toEqual(named);
  });
});
