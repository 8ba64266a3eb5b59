/**
 * What every driver of a desktop does, whatever its system: one suite, run over a form that each system's test opens. The
 * form has a window with a text field, a protected field, a check box or a list, a slider, a table, and a button that ends it.
 */
import { parseSelector } from '@casare/shared/workflow';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isWithin } from './area.ts';
import type { DesktopDriver } from './desktop-driver.ts';
import { matching, unusable } from './match.ts';
import { candidatesFor, selectorFor } from './propose.ts';
import { snapshotOf, type DesktopNode } from './snapshot.ts';

/** A desktop with its applications; each opens one window and resolves when that shows. */
export interface DriverUnderTest {
  readonly driver: DesktopDriver;
  /** A window "Entry" with a text field "Account", a protected field "Pin", and the buttons "Cancel" and "OK". */
  form(): Promise<void>;
  /** A window "Invoices" with a table of the columns "Ref" and "Amount" and the rows INV-1 10, INV-2 20, INV-3 30. */
  list(): Promise<void>;
  /** A window "Numbers" with a table whose first column has N-1 to N-40, of which only the first show. */
  long(): Promise<void>;
  /** A window "Share" with a slider from 0 to 50 that stands at 5. */
  range(): Promise<void>;
  close(): Promise<void>;
}

const WAIT_MS = 10_000;

/** Registers the suite for a driver that `start` makes, once. */
export function describeDriver(name: string, start: () => Promise<DriverUnderTest>): void {
  describe(name, () => {
    let subject: DriverUnderTest;
    let driver: DesktopDriver;
    beforeAll(async () => {
      subject = await start();
      driver = subject.driver;
    });
    afterAll(() => subject.close());

    const nodes = async (hidden = false): Promise<DesktopNode[]> =>
      snapshotOf(driver.elements, await driver.elements.windows(), { hidden, signal: AbortSignal.timeout(WAIT_MS) });
    const find = async (text: string, hidden = false): Promise<DesktopNode> => {
      const parsed = parseSelector(text);
      if (!parsed.ok || unusable(parsed.selector) !== null) throw new Error(`cannot use ${text}`);
      let found: DesktopNode[] = [];
      await until(async () => (found = matching(await nodes(hidden), parsed.selector)).length > 0, text);
      expect(found, text).toHaveLength(1);
      return found[0]!;
    };
    const shut = async (title: string): Promise<void> => {
      const { window } = await find(`window "${title}"`);
      await driver.windows.close(window);
      await until(async () => !(await driver.elements.windows()).some((one) => one.title === title), `${title} gone`);
    };

    describe('a form', () => {
      beforeAll(() => subject.form());
      afterAll(() => shut('Entry'));

      test('windows have titles, programs and processes, and one is active', async () => {
        const { window } = await find('window "Entry"');
        expect(window).toMatchObject({ title: 'Entry', active: true });
        expect(window.application).not.toBe('');
        expect(window.process).toBeGreaterThan(1);
      });

      test('elements have roles, names and states, and a place inside their window', async () => {
        const { element } = await find('textbox "Account"');
        for (const state of ['showing', 'enabled', 'editable'] as const) expect(element.states.has(state)).toBe(true);
        expect((await find('textbox "Pin"')).element.states.has('protected')).toBe(true);
        const outer = (await driver.elements.bounds((await find('window "Entry"')).element))!;
        const inner = (await driver.elements.bounds(element))!;
        expect(inner.x).toBeGreaterThanOrEqual(outer.x);
        expect(inner.y + inner.height).toBeLessThanOrEqual(outer.y + outer.height);
      });

      test('the same element has the same ref, and is read again as it is now', async () => {
        const [one, other] = [await find('button "OK"'), await find('button "OK"')];
        expect(one.element.ref).toBe(other.element.ref);
        expect((await driver.elements.again(one.element))?.name).toBe('OK');
      });

      test('text is set and read back, with any characters', async () => {
        const { element } = await find('textbox "Account"');
        expect(await driver.elements.setText(element, 'Größe – 漢字 “x”')).toBe(true);
        expect(await driver.elements.text(element)).toBe('Größe – 漢字 “x”');
        expect(await driver.elements.setText((await find('button "OK"')).element, 'x')).toBe(false);
      });

      test('keys go where the focus is; any character can be typed', async () => {
        const { element, window } = await find('textbox "Account"');
        await driver.windows.activate(window);
        await driver.elements.focus(element);
        await driver.input.press(['Control', 'a']);
        await driver.input.type('aZ9 ä€漢{}');
        await until(async () => (await driver.elements.text(element)) === 'aZ9 ä€漢{}', 'the typed text');
        await driver.input.press(['Shift', 'Home']);
        await driver.input.press(['Delete']);
        await until(async () => (await driver.elements.text(element)) === '', 'an empty field');
        await expect(driver.input.press(['NoSuchKey'])).rejects.toThrow(RangeError);
      });

      test('the clipboard gives back what was written, and what the application copies', async () => {
        await driver.clipboard.write('from outside – ü');
        expect(await driver.clipboard.read()).toBe('from outside – ü');
        const { element } = await find('textbox "Account"');
        await driver.elements.setText(element, 'from inside');
        await driver.elements.focus(element);
        await driver.input.press(['Control', 'a']);
        await driver.input.press(['Control', 'c']);
        await until(async () => (await driver.clipboard.read()) === 'from inside', 'the copied text');
      });

      test('a picture has the size of its box and shows what changes', async () => {
        const { element } = await find('textbox "Account"');
        const box = (await driver.elements.bounds(element))!;
        await driver.elements.setText(element, '');
        const before = await driver.screen.capture(box);
        expect([before.width, before.height, before.rgb.length]).toEqual([
          box.width,
          box.height,
          box.width * box.height * 3,
        ]);
        await driver.elements.setText(element, 'WWWWWWWW');
        await until(async () => !(await driver.screen.capture(box)).rgb.equals(before.rgb), 'another picture');
      });

      test('windows are moved, resized, maximized, minimized and restored', async () => {
        const { window } = await find('window "Entry"');
        await driver.windows.place(window, { x: 60, y: 70, width: 420, height: 320 });
        await until(async () => {
          const box = await driver.windows.bounds(window);
          return box?.x === 60 && box.y === 70 && box.width === 420 && box.height === 320;
        }, 'its place');
        for (const state of ['maximized', 'minimized', 'normal'] as const) {
          await driver.windows.setState(window, state);
          expect(await driver.windows.state(window)).toBe(state);
        }
      });

      test('every proposed selector means its element alone', async () => {
        const all = await nodes();
        for (const node of all) {
          const text = selectorFor(node, all);
          const parsed = parseSelector(text ?? '');
          expect(parsed.ok && matching(all, parsed.selector), text ?? node.element.nativeRole).toEqual([node]);
        }
        const wrong = parseSelector('textbox "Acount"');
        expect(wrong.ok && candidatesFor(wrong.selector, all)[0]).toBe('textbox "Account"');
      });
    });

    describe('a list', () => {
      beforeAll(() => subject.list());

      test('a table is read with its headers, at most as many rows as asked for', async () => {
        const { element } = await find('table');
        expect(await driver.elements.table(element, 2)).toEqual({
          columns: ['Ref', 'Amount'],
          rows: [
            ['INV-1', '10'],
            ['INV-2', '20'],
          ],
        });
        expect(await driver.elements.table((await find('button "OK"')).element, 2)).toBeNull();
      });

      test('a click selects, a double click opens; what lies above is named', async () => {
        const { element, window } = await find('cell "INV-2"');
        const point = middle((await driver.elements.bounds(element))!);
        expect(await driver.windows.coverAt(window, point, false)).toBeNull();
        await driver.input.click(point, 'left', 1);
        await until(
          async () => (await driver.elements.again(element))?.states.has('selected') === true,
          'the selection',
        );
        await subject.form();
        const other = await find('window "Entry"');
        const box = (await driver.windows.bounds(window))!;
        await driver.windows.place(other.window, { x: box.x, y: box.y, width: box.width, height: box.height });
        await driver.windows.activate(other.window);
        await until(async () => (await driver.windows.coverAt(window, point, false)) !== null, 'the cover');
        expect((await driver.windows.coverAt(window, point, false))?.what).toContain('Entry');
        await shut('Entry');
        await driver.windows.activate(window);
        await driver.input.click(point, 'left', 2);
        await until(async () => (await driver.elements.again(element)) === null, 'the window gone');
      });
    });

    test('what lies out of view is scrolled into it, wherever that is', async () => {
      await subject.long();
      for (const name of ['N-35', 'N-2']) {
        const { element, ancestors, window } = await find(`cell "${name}"`, true);
        const isSeen = async (): Promise<boolean> => {
          const [box, outer] = [await driver.elements.bounds(element), await driver.windows.bounds(window)];
          return box !== null && outer !== null && isWithin(box, outer);
        };
        if (name === 'N-35') expect(await isSeen()).toBe(false);
        const around = ancestors.map((outer) => outer.element);
        // A window that has just opened may not know yet how much there is to scroll.
        let isRevealed = false;
        await until(async () => {
          isRevealed = (await driver.elements.reveal(element, around)) || isRevealed;
          return isSeen();
        }, name);
        expect(isRevealed).toBe(true);
      }
      await shut('Numbers');
    });

    test('a number is set within its range', async () => {
      await subject.range();
      const { element } = await find('slider');
      expect(await driver.elements.range(element)).toEqual({ value: 5, least: 0, most: 50 });
      expect(await driver.elements.setRange(element, 33)).toBe(true);
      expect((await driver.elements.range(element))?.value).toBe(33);
      expect(await driver.elements.range((await find('button "OK"')).element)).toBeNull();
      await shut('Share');
    });
  });
}

function middle(box: { x: number; y: number; width: number; height: number }): { x: number; y: number } {
  return { x: Math.floor(box.x + box.width / 2), y: Math.floor(box.y + box.height / 2) };
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  // Also in hooks, where `expect.poll` is not to be had.
  await vi.waitFor(async () => expect(await holds(), `waited for ${what}`).toBe(true), {
    timeout: WAIT_MS,
    interval: 50,
  });
}
