/** The driver of Linux desktops passes the suite of all drivers, over real GTK windows. */
import { describe } from 'vitest';
import { describeDriver, type DriverUnderTest } from './desktop-driver.conformance.ts';
import { desktopPrograms, skipName } from './desktop-for-tests.ts';
import { startProgram } from './session/programs.ts';
import { startDesktop } from './start.ts';

const reason = await desktopPrograms('zenity');

describe.skipIf(reason !== null)(skipName('AT-SPI', reason), () => {
  describeDriver('the driver', async (): Promise<DriverUnderTest> => {
    const desktop = await startDesktop({ env: process.env });
    const open = async (...args: string[]): Promise<void> => {
      await startProgram('/usr/bin/zenity', args, { env: desktop.env });
    };
    return {
      driver: desktop.driver,
      form: () => open('--forms', '--title', 'Entry', '--add-entry', 'Account', '--add-password', 'Pin'),
      list: () =>
        open(
          '--list',
          '--title',
          'Invoices',
          '--column',
          'Ref',
          '--column',
          'Amount',
          ...rows('INV-1', 'INV-2', 'INV-3'),
        ),
      long: () => open('--list', '--title', 'Numbers', '--height', '300', '--column', 'Ref', ...numbers(40)),
      range: () => open('--scale', '--title', 'Share', '--min-value', '0', '--max-value', '50', '--value', '5'),
      close: () => desktop.close(),
    };
  });
});

function rows(...names: string[]): string[] {
  return names.flatMap((name, index) => [name, String((index + 1) * 10)]);
}

function numbers(most: number): string[] {
  return Array.from({ length: most }, (_, index) => `N-${index + 1}`);
}
