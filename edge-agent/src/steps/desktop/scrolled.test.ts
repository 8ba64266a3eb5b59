/** The desktop steps on GTK's own demonstration: a tree that is longer than its window, combo boxes, an expander. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DESKTOP_STEPS, type DesktopTreeNode } from '@casare/shared/workflow';
import { desktopPrograms, skipName } from '../../desktop/desktop-for-tests.ts';
import { snapshotOf } from '../../desktop/index.ts';
import type { StepFailure } from '../../engine/index.ts';
import { failureOf, type TestRun } from '../browser/run-for-tests.ts';
import { newDesktopRun } from './run-for-tests.ts';
import { desktopStep } from './step.ts';

const reason = await desktopPrograms('gtk-3-examples', 'zenity');
const START_MS = { timeoutMs: 30_000 };

let rows: string[] = [];
const rowsInView = desktopStep(DESKTOP_STEPS.windows, async (_, { driver, session, signal }) => {
  const nodes = await snapshotOf(driver.elements, await session.windows(), { hidden: false, signal });
  const tree = nodes.find(({ element }) => element.roles.includes('treegrid'))!;
  const area = (await driver.elements.bounds(tree.element))!;
  const inside = nodes.filter((node) => node.ancestors.includes(tree));
  const places = await Promise.all(inside.map(({ element }) => driver.elements.bounds(element)));
  rows = inside
    .filter((_, index) => {
      const place = places[index];
      return place && place.y >= area.y && place.y + place.height <= area.y + area.height;
    })
    .map(({ element }) => element.name);
  return [];
});

describe.skipIf(reason !== null)(skipName('a tree longer than its window', reason), () => {
  let run: TestRun;
  beforeAll(async () => {
    run = await newDesktopRun({ 'rows in view': rowsInView });
    await run.call('desktop.open', { app: 'gtk3-demo' }, START_MS);
    await run.call('desktop.waitFor', { visible: 'cell "Assistant"' });
  });
  afterEach(() => run.call('desktop.scroll', { target: 'treegrid', direction: 'up', notches: 50 }));
  afterAll(() => run.end());

  const exists = (target: string): Promise<unknown> => run.call('desktop.exists', { target });
  const failing = (name: string, args: unknown, timeoutMs = 4_000): Promise<StepFailure> =>
    failureOf(run.call(`desktop.${name}`, args, { timeoutMs }));
  /** The rows that the tree shows now, by their places on the screen. */
  const read = async (): Promise<string[]> => {
    await run.call('rows in view', {}, START_MS);
    return rows;
  };
  const picture = async (saveAs: string): Promise<Buffer> => {
    await run.call('desktop.screenshot', { target: 'treegrid', saveAs });
    return readFile(join(run.folder, 'files', saveAs));
  };

  test('the wheel shows another part, and goes on until what is asked for can be seen', async () => {
    const top = await read();
    expect(top).toContain('Assistant');
    expect(top).not.toContain('Spin Button');
    const before = await picture('before.png');
    await run.call('desktop.scroll', { target: 'treegrid', notches: 50 });
    expect((await picture('after.png')).equals(before)).toBe(false);
    const end = await read();
    expect(end).toContain('Spin Button');
    expect(end).not.toContain('Assistant');
    await run.call('desktop.scroll', { target: 'treegrid', direction: 'up', until: 'cell "Assistant"' });
    expect(await read()).toContain('Assistant');
    // It was said to show all the time: GTK says so of every row.
    expect(await exists('cell "Spin Button"')).toBe(true);
    await run.call('desktop.scroll', { target: 'treegrid', notches: 1, until: 'cell "Spin Button"' });
    expect(await read()).toContain('Spin Button');
  });

  test('what never comes ends the scrolling; what is scrolled must be one element', async () => {
    const never = await failing('scroll', { target: 'treegrid', until: 'cell "Nothing like it"' }, 8_000);
    expect(never).toMatchObject({ code: 'EXPECTATION_NOT_MET', status: 408, certain: false });
    expect(never.detail).toContain('cell "Nothing like it" does not show');
    expect(await failing('scroll', { target: 'list "None"' })).toMatchObject({
      code: 'SELECTOR_NO_MATCH',
      certain: true,
    });
    expect(await failing('scroll', { target: 'tab' })).toMatchObject({ code: 'SELECTOR_AMBIGUOUS', certain: true });
  });

  test('opens and closes a row, and what is in it is there and gone', async () => {
    const inside = 'cell "Entry Buffer"';
    expect(await exists(inside)).toBe(false);
    const row = 'treeitem "Entry"';
    expect(await run.call('desktop.expand', { target: row, expect: { visible: inside } })).toEqual({ expanded: true });
    // Once more changes nothing.
    expect(await run.call('desktop.expand', { target: row, expanded: true })).toEqual({ expanded: true });
    expect(await exists(inside)).toBe(true);
    expect(await run.call('desktop.expand', { target: row, expanded: false })).toEqual({ expanded: false });
    expect(await exists(inside)).toBe(false);
  });

  test('rows out of view are brought into it before they are used', async () => {
    expect(await read()).not.toContain('Theming');
    await run.call('desktop.click', { target: 'cell "Theming"' });
    expect(await exists('cell "Theming" [selected="true"]')).toBe(true);
    expect(await read()).toContain('Theming');
    await run.call('desktop.click', { target: 'cell "Assistant"' });
    expect(await exists('cell "Assistant" [selected="true"]')).toBe(true);
    expect(await read()).toContain('Assistant');
  });

  test('what has nothing to open says so, and one of many is not guessed', async () => {
    for (const target of ['cell "Assistant"', 'button "Run"']) {
      expect(await failing('expand', { target })).toMatchObject({ code: 'NOT_EXPANDABLE', certain: true });
    }
    expect(await failing('expand', { target: 'cell "Asistant"' })).toMatchObject({ code: 'SELECTOR_NO_MATCH' });
    const many = await failing('expand', { target: 'treeitem' });
    expect(many).toMatchObject({ code: 'SELECTOR_AMBIGUOUS', certain: true });
    expect(many.detail).toContain('cell "Benchmark"');
  });
});

describe.skipIf(reason !== null)(skipName('what opens and what is in it', reason), () => {
  let run: TestRun;
  beforeEach(async () => {
    run = await newDesktopRun();
  });
  afterEach(() => run.end());

  const demo = (name: string, window: string): Promise<unknown> =>
    run.call('desktop.open', { app: 'gtk3-demo', args: ['--run', name], window }, START_MS);
  const zenity = (...args: string[]): Promise<unknown> => run.call('desktop.open', { app: 'zenity', args });
  const exists = (target: string): Promise<unknown> => run.call('desktop.exists', { target });
  const tree = async (args: object = {}): Promise<DesktopTreeNode[]> =>
    (await run.call('desktop.tree', args, START_MS)) as DesktopTreeNode[];

  test('a combo box opens and closes, and an option is clicked in it', async () => {
    await demo('combobox', 'window "Combo Boxes"');
    const box = 'group "Where are we ?" >> combobox';
    const [closed] = await tree({ target: box });
    expect(closed).toMatchObject({ name: 'Boston', states: ['expandable'] });
    expect(await run.call('desktop.expand', { target: box })).toEqual({ expanded: true });
    const [open] = await tree({ target: box });
    expect(open).toMatchObject({ states: ['expandable', 'expanded'], children: [{ role: 'menu' }] });
    expect(await exists(`${box} [expanded="true"]`)).toBe(true);
    expect(await run.call('desktop.expand', { target: box, expanded: false })).toEqual({ expanded: false });
    expect(await exists(`${box} [expanded="true"]`)).toBe(false);
    expect((await tree({ target: box }))[0]).toEqual(closed);

    const field = 'group "Editable" >> combobox';
    await run.call('desktop.expand', { target: field });
    // It is in the combo box and in the window that this has opened, and yet one.
    await run.call('desktop.click', { target: 'menuitem "Two"', expect: { gone: 'menuitem "Two"' } });
    expect(await run.call('desktop.value', { target: field })).toBe('Two');
  });

  test('an expander opens and closes', async () => {
    await demo('expander', 'window "Error"');
    const target = 'button "Details:"';
    const more = 'button "Details:" >> textbox';
    expect(await exists(more)).toBe(false);
    expect(await run.call('desktop.expand', { target, expect: { visible: more } })).toEqual({ expanded: true });
    expect(await run.call('desktop.expand', { target, expanded: false, expect: { gone: more } })).toEqual({
      expanded: false,
    });
  });

  test('the tree holds what the windows show, and each of its selectors means its element alone', async () => {
    await zenity(
      '--forms',
      '--title',
      'Entry',
      '--text',
      'New entry',
      '--add-entry',
      'Account',
      '--add-password',
      'Pin',
    );
    await zenity(
      '--list',
      '--title',
      'Invoices',
      '--column',
      'Ref',
      '--column',
      'Amount',
      'INV-1',
      '10',
      'INV-2',
      '20',
    );
    const whole = await tree();
    expect(whole.map(({ name, role }) => [role, name])).toEqual([
      ['window', 'Entry'],
      ['window', 'Invoices'],
    ]);
    const all = flat(whole);
    for (const [role, name] of [
      ['textbox', 'Account'],
      ['cell', 'INV-2'],
      ['columnheader', 'Amount'],
      ['button', 'OK'],
    ]) {
      expect(all.filter((node) => node.role === role && node.name === name).length, name).toBe(
        role === 'button' ? 2 : 1,
      );
    }
    expect(all.find(({ name }) => name === 'Pin')?.states).toContain('protected');
    // Asked for one window or one level, the selectors still have to tell it from the others.
    for (const nodes of [all, flat(await tree({ target: 'window "Invoices"' })), flat(await tree({ depth: 1 }))]) {
      for (const { selector, role } of nodes) {
        expect(selector).not.toBeNull();
        await run.call('desktop.text', { target: selector });
        expect(run.seen.target, selector!).toMatchObject({
          matches: 1,
          found: expect.stringContaining(role) as string,
        });
      }
    }
    const [form] = await tree({ target: 'window "Entry"', depth: 1 });
    expect(form?.children).not.toEqual([]);
    expect(form?.children?.every(({ children }) => children === undefined)).toBe(true);
    const none = await failureOf(run.call('desktop.tree', { target: 'window "Other"' }, { timeoutMs: 3_000 }));
    expect(none).toMatchObject({ code: 'SELECTOR_NO_MATCH', certain: true });
    const both = await failureOf(run.call('desktop.tree', { target: 'button "OK"' }));
    expect(both).toMatchObject({ code: 'SELECTOR_AMBIGUOUS', certain: true });
  });
});

function flat(nodes: readonly DesktopTreeNode[]): DesktopTreeNode[] {
  return nodes.flatMap((node) => [node, ...flat(node.children ?? [])]);
}
