/** Entry of `casare-certs`: the program on this process's arguments and streams. */
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
});
