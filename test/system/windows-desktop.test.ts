/**
 * The driver of Windows desktops under Wine: over a DOUBLE of UI Automation that shows a real form, the suite of all drivers;
 * and what Wine's own UI Automation, messages, SendInput and pictures give without it.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseSelector } from '@casare/shared/workflow';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeDriver } from '../../edge-agent/src/desktop/desktop-driver.conformance.ts';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { isWithin } from '../../edge-agent/src/desktop/area.ts';
import { matching } from '../../edge-agent/src/desktop/match.ts';
import { snapshotOf, type DesktopNode } from '../../edge-agent/src/desktop/snapshot.ts';
import type { RemoteChanges } from '../../edge-agent/src/desktop/uia/remote-changes.ts';
import { slotsText } from '../../scripts/generate/uia-slots.ts';
import { ROOT } from '../support/program.ts';
import { trixiePackage } from '../support/trixie-package.ts';
import { startWindowsDesk, type WindowsDesk } from '../support/windows-desk.ts';
import { wineOrReason } from '../support/wine.ts';

const reason = await wineOrReason();
const WAIT_MS = 20_000;
/** What hears is another process, which has to start. */
const HEAR_MS = 60_000;

describe.skipIf(reason !== null)(skipName('Windows desktops, by Wine', reason), () => {
  test('the places in the tables are those of the header', async () => {
    const folder = path.join(await trixiePackage('libwine-dev'), 'usr/include/wine/wine/windows');
    const header = await readFile(path.join(folder, 'uiautomationclient.h'), 'utf8');
    const committed = await readFile(path.join(ROOT, 'edge-agent/src/desktop/uia/slots.ts'), 'utf8');
    expect(slotsText(header)).toBe(committed);
  });

  describeDriver('the driver, over a double of UI Automation and a real form', async () => {
    const desk = await startWindowsDesk({ automation: 'double' });
    const open = async (kind: string): Promise<void> => desk.open(kind);
    return {
      driver: desk.driver,
      form: () => open('entry'),
      list: () => open('invoices'),
      long: () => open('numbers'),
      range: () => open('share'),
      close: () => desk.close(),
    };
  });

  describe('patterns that the suite of all drivers does not tell apart, over the double', () => {
    let desk: WindowsDesk;
    beforeAll(async () => {
      desk = await startWindowsDesk({ automation: 'double' });
      desk.open('ledger');
    });
    afterAll(() => desk.close());

    test('a table that gives no cell by its place is read by what its cells say of themselves', async () => {
      const { element } = await found(desk, 'window "Ledger" >> table');
      expect(await desk.driver.elements.table(element, 1)).toEqual({
        columns: ['Ref', 'Amount'],
        rows: [['INV-1', '10']],
      });
    });

    test('what is chosen in a list without a text of its own, and the text of a document instead of its address', async () => {
      expect(await desk.driver.elements.text((await found(desk, 'combobox "Period"')).element)).toBe('April');
      const { element } = await found(desk, 'window "Ledger" >> document');
      expect(await desk.driver.elements.text(element)).toBe('First line\r\nSecond line');
    });

    test('a row that does not scroll itself is brought into view by the table around it', async () => {
      desk.open('numbers');
      const { element, ancestors } = await found(desk, 'row "N-35"');
      const [{ element: table }] = ancestors.slice(-1) as [DesktopNode];
      const isSeen = async (): Promise<boolean> =>
        isWithin((await desk.driver.elements.bounds(element))!, (await desk.driver.elements.bounds(table))!);
      expect(await isSeen()).toBe(false);
      expect(await desk.driver.elements.reveal(element, [table])).toBe(true);
      await vi.waitFor(async () => expect(await isSeen()).toBe(true));
      await desk.driver.windows.close((await found(desk, 'window "Numbers"')).window);
    });

    test('what changes is heard from threads of UI Automation, each kind by its name', async () => {
      const changes = desk.driver.changes as RemoteChanges;
      const hears = async (source: string, change: () => void | Promise<unknown>): Promise<void> => {
        const since = changes.count;
        await change();
        const signal = AbortSignal.timeout(HEAR_MS);
        for (let seen = since; !changes.sources.has(source) && !signal.aborted; seen = changes.count) {
          await changes.next(seen, HEAR_MS, signal);
        }
        expect([...changes.sources]).toContain(source);
      };
      // The windows that are there already are news to who begins to listen.
      await hears('automation.event', () => changes.next(0, 1, AbortSignal.timeout(WAIT_MS)));
      const march = await found(desk, 'combobox "Period" >> option "March"');
      await hears('automation.property', () => desk.driver.elements.select(march.element));
      await hears('automation.structure', () => desk.open('share'));
      await desk.driver.windows.close((await found(desk, 'window "Share"')).window);
    });

    test('a window says that its dialog has to be answered first', async () => {
      const { window } = await found(desk, 'window "Ledger"');
      await clickOn(desk, (await found(desk, 'button "About"')).element);
      const dialog = await found(desk, 'window "About"');
      expect(dialog.element.states.has('modal')).toBe(true);
      const blocked = await desk.driver.elements.again(window.element);
      expect(blocked?.states.has('blocked')).toBe(true);
      await desk.driver.windows.close(dialog.window);
      await vi.waitFor(
        async () => expect((await desk.driver.elements.again(window.element))?.states.has('blocked')).toBe(false),
        { timeout: WAIT_MS },
      );
    });
  });

  describe('pictures of windows', () => {
    let desk: WindowsDesk;
    beforeAll(async () => {
      desk = await startWindowsDesk({ automation: 'wine' });
    });
    afterAll(() => desk.close());

    test('a window that shows whole is pictured from the screen; Wine’s PrintWindow gives none of a covered one', async () => {
      desk.open('order');
      const { window } = await found(desk, 'window "Orders"');
      const { windows, screen } = desk.driver;
      const place = (await windows.bounds(window))!;
      expect(await windows.picture(window)).toBeNull();
      const alone = await screen.capture(place);
      expect(alone).toMatchObject(place);
      desk.open('share');
      const other = (await found(desk, 'window "Share"')).window;
      await windows.place(other, { x: place.x, y: place.y });
      await windows.activate(other);
      await vi.waitFor(async () => expect((await screen.capture(place)).rgb.equals(alone.rgb)).toBe(false));
      // Asked of the window itself, which answers with one colour here: then the screen is taken.
      expect(await windows.picture(window)).toBeNull();
    });
  });

  describe('Wine’s own UI Automation, with messages to classic controls', () => {
    let desk: WindowsDesk;
    beforeAll(async () => {
      desk = await startWindowsDesk({ automation: 'wine' });
      desk.open('order');
    });
    afterAll(() => desk.close());

    const find = (text: string): Promise<DesktopNode> => found(desk, text);
    const shows = (text: string): Promise<DesktopNode> => find(`window "Orders" >> paragraph ${JSON.stringify(text)}`);

    test('controls have roles, the names of their labels, their program’s numbers and places', async () => {
      const name = await find('textbox "Name"');
      expect(name.element).toMatchObject({ id: '101', nativeRole: 'Edit' });
      expect(name.element.states.has('editable')).toBe(true);
      expect(name.window.application).toMatch(/form\.exe$/);
      expect(await desk.driver.elements.bounds(name.element)).toMatchObject({ width: 220, height: 24 });
      expect((await find('list "Saved"')).element.id).toBe('108');
    });

    test('a form is filled: text, typed characters, a choice, a check, and read back', async () => {
      const { elements, input, windows } = desk.driver;
      const { element, window } = await find('textbox "Name"');
      await windows.activate(window);
      expect(await elements.setText(element, 'x')).toBe(true);
      await elements.focus(element);
      await clickOn(desk, element);
      await input.press(['Control', 'a']);
      await input.type('Größe 42 Ж');
      await vi.waitFor(async () => expect(await elements.text(element)).toBe('Größe 42 Ж'), { timeout: WAIT_MS });
      expect(await elements.setText((await find('textbox "Quantity"')).element, '42')).toBe(true);
      await clickOn(desk, (await find('checkbox "Urgent"')).element);
      await vi.waitFor(async () => expect((await find('checkbox "Urgent"')).element.states.has('checked')).toBe(true));
      await clickOn(desk, (await find('radio "Delivery"')).element);
      const colour = await find('combobox "Colour"');
      expect(await elements.select((await find('combobox "Colour" >> option "Grün"')).element)).toBe(true);
      expect(await elements.text(colour.element)).toBe('Grün');
      expect((await find('combobox "Colour"')).element.name).toBe('Colour');
      expect((await find('option "Grün"')).element.states.has('selected')).toBe(true);
      expect(await elements.invoke((await find('button "Save"')).element)).toBe(true);
      await shows('1: 42 x Größe 42 Ж, Grün, delivery, urgent');
      expect((await find('list "Saved" >> option /Größe 42 Ж/')).element.name).toContain('42 x');
    });

    test('a window that opens is heard by the events of Windows; of those of UI Automation Wine raises the focus alone', async () => {
      const changes = desk.driver.changes as RemoteChanges;
      const signal = AbortSignal.timeout(HEAR_MS);
      await changes.next(0, 1, signal);
      while (!changes.isHeard && !signal.aborted) {
        desk.open('entry');
        await desk.driver.windows.close((await found(desk, 'window "Entry"')).window);
        await vi.waitFor(async () => expect(await desk.driver.elements.windows()).toHaveLength(1), {
          timeout: WAIT_MS,
        });
      }
      const seen = [...changes.sources];
      expect(seen).toContain('windows');
      expect(seen.filter((source) => source !== 'windows' && source !== 'automation.focus')).toEqual([]);
    });

    test('a program that hangs hides its own windows and holds nobody', async () => {
      desk.open('hang');
      const button = await find('window "Hang" >> button "Freeze"');
      await clickOn(desk, button.element);
      await vi.waitFor(
        async () => {
          const titles = (await desk.driver.elements.windows()).map(({ title }) => title);
          expect(titles).toEqual(['Orders']);
        },
        { timeout: WAIT_MS, interval: 200 },
      );
      expect(await desk.driver.elements.text((await find('textbox "Quantity"')).element)).toBe('42');
    });
  });
});

/** The one element that a selector means, once it is there. */
async function found({ driver: { elements } }: WindowsDesk, text: string): Promise<DesktopNode> {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return vi.waitFor(
    async () => {
      const options = { hidden: true, signal: AbortSignal.timeout(WAIT_MS) };
      const matches = matching(await snapshotOf(elements, await elements.windows(), options), parsed.selector);
      expect(matches, text).toHaveLength(1);
      return matches[0]!;
    },
    { timeout: WAIT_MS, interval: 100 },
  );
}

async function clickOn({ driver }: WindowsDesk, element: DesktopNode['element']): Promise<void> {
  const box = (await driver.elements.bounds(element))!;
  await driver.input.click({ x: box.x + Math.floor(box.width / 2), y: box.y + Math.floor(box.height / 2) }, 'left', 1);
}
