import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStepRun, type StepRun } from '../step-run-for-tests.ts';

let run: StepRun;
beforeAll(async () => {
  run = await newStepRun();
});
afterAll(() => run.end());

const fill = (template: string, values: object, more: object = {}) =>
  run.call('data.template', { template, values, ...more });

describe('data.template', () => {
  test('fills names, paths, sections and what stands for none', async () => {
    const values = { name: 'Ada', home: { city: 'Rome' }, orders: [{ n: 1 }, { n: 2, name: 'Bob' }], none: [] };
    const template =
      '{{name}} in {{home.city}}:\n{{#orders}}\n- {{n}} {{name}}\n{{/orders}}\n{{^none}}\nnothing\n{{/none}}\n';
    expect(await fill(template, values)).toBe('Ada in Rome:\n- 1 Ada\n- 2 Bob\nnothing\n');
    expect(await fill('{{#list}}{{.}},{{/list}}', { list: ['a', 1, true] })).toBe('a,1,true,');
    expect(await fill('{{=<% %>=}}<%name%> {{name}}', values)).toBe('Ada {{name}}');
  });

  test('escapes for web pages only when asked', async () => {
    expect(await fill('{{a}}', { a: '<b> & "c"' })).toBe('<b> & "c"');
    expect(await fill('{{a}}{{{a}}}', { a: '<b>' }, { escape: 'html' })).toBe('&lt;b&gt;<b>');
  });

  test('a missing value fails, or is empty when asked', async () => {
    await expect(fill('Dear {{name}}', {})).rejects.toMatchObject({ code: 'TEMPLATE_VALUE_MISSING' });
    await expect(fill('Dear {{name}}', { name: null })).rejects.toMatchObject({ code: 'TEMPLATE_VALUE_MISSING' });
    await expect(fill('Dear {{name}}', { name: ['x'] })).rejects.toMatchObject({ code: 'TEMPLATE_VALUE_MISSING' });
    expect(await fill('Dear {{name}}!', {}, { missing: 'empty' })).toBe('Dear !');
  });

  test.each(['{{constructor}}', '{{a.constructor.name}}', '{{toString}}', '{{a.length}}', '{{__proto__}}'])(
    '%s reaches nothing that the document did not give',
    async (template) => {
      await expect(fill(template, { a: 'text' })).rejects.toMatchObject({ code: 'TEMPLATE_VALUE_MISSING' });
    },
  );

  test('no partials, no broken templates, no endless text', async () => {
    await expect(fill('{{>other}}', {})).rejects.toMatchObject({ code: 'TEMPLATE_BROKEN' });
    await expect(fill('{{#open}}', {})).rejects.toMatchObject({ code: 'TEMPLATE_BROKEN' });
    const list = Array.from({ length: 1_000 }, () => 1);
    const bomb = '{{#l}}{{#l}}{{#l}}{{#l}}x{{/l}}{{/l}}{{/l}}{{/l}}';
    await expect(fill(bomb, { l: list })).rejects.toMatchObject({ code: 'TEMPLATE_TOO_LARGE' });
    await expect(fill(bomb.replace('x', ''), { l: list })).rejects.toMatchObject({ code: 'TEMPLATE_TOO_LARGE' });
  });

  test('comes from a file and goes into one', async () => {
    await run.put('letter.mustache', 'Dear {{name}}');
    const values = { name: 'Ada' };
    expect(
      await run.call('data.template', { templateFrom: 'letter.mustache', values, saveAs: 'letter.txt' }),
    ).toMatchObject({
      path: 'letter.txt',
    });
    expect(await run.text('letter.txt')).toBe('Dear Ada');
  });
});
