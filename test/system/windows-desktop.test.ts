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
import { matching } from '../../edge-agent/src/desktop/match.ts';
import { snapshotOf, type DesktopNode } from '../../edge-agent/src/desktop/snapshot.ts';
import { slotsText } from '../../scripts/generate/uia-slots.ts';
import { ROOT } from '../support/program.ts';
import { trixiePackage } from '../support/trixie-package.ts';
import { startWindowsDesk, type WindowsDesk } from '../support/windows-desk.ts';
import { wineOrReason } from '../support/wine.ts';

const reason = await wineOrReason();
const WAIT_MS = 20_000;

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
      range: () => open('share'),
      close: () => desk.close(),
    };
  });

  describe('Wine’s own UI Automation, with messages to classic controls', () => {
    let desk: WindowsDesk;
    beforeAll(async () => {
      desk = await startWindowsDesk({ automation: 'wine' });
      desk.open('order');
    });
    afterAll(() => desk.close());

    const find = async (text: string): Promise<DesktopNode> => {
      const parsed = parseSelector(text);
      if (!parsed.ok) throw new Error(parsed.message);
      return vi.waitFor(
        async () => {
          const options = { hidden: true, signal: AbortSignal.timeout(WAIT_MS) };
          const nodes = await snapshotOf(desk.driver.elements, await desk.driver.elements.windows(), options);
          const found = matching(nodes, parsed.selector);
          expect(found, text).toHaveLength(1);
          return found[0]!;
        },
        { timeout: WAIT_MS, interval: 100 },
      );
    };
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

async function clickOn({ driver }: WindowsDesk, element: DesktopNode['element']): Promise<void> {
  const box = (await driver.elements.bounds(element))!;
  await driver.input.click({ x: box.x + Math.floor(box.width / 2), y: box.y + Math.floor(box.height / 2) }, 'left', 1);
}
