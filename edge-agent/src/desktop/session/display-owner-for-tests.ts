/** A process that starts a virtual display with a program on it, says so, and waits to be killed. */
import { neededProgram, startProgram } from './programs.ts';
import { startVirtualDisplay } from './virtual-display.ts';

const display = await startVirtualDisplay({ width: 640, height: 480 }, process.env);
await startProgram(await neededProgram('openbox', process.env), ['--version'], { env: display.env });
process.stdout.write(
  `${JSON.stringify({ display: display.env['DISPLAY'], marker: display.env['CASARE_DISPLAY_MARKER'] })}\n`,
);
setInterval(() => undefined, 1_000);
