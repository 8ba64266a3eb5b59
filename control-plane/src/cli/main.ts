/** Entry of the `casare` command. */
import { processTerminal } from './output.ts';
import { runCli } from './program.ts';
import { stopSignal } from './signals.ts';

// A reader that goes away, such as `head`, ends the output and is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const around = { terminal: processTerminal(), env: process.env, signal: stopSignal(), exitCode: 0 };
process.exitCode = await runCli(process.argv.slice(2), around);
// Something may still hold the process, such as a kept-alive connection; what was written has to leave first.
if (process.stdout.writableLength === 0) process.exit();
else process.stdout.once('drain', () => process.exit());
