/** A chaos agent as a process: the product's agent with its workers inside. `node agent.ts <home> <slots>` */
import { agentHome } from '../../edge-agent/dist/identity/index.js';
import { startAgent } from '../../edge-agent/dist/service/index.js';
import { systemClock } from '../../edge-agent/dist/clock.js';
import { insideWorkers } from './inside-worker.ts';

const [folder = '', slots = '1'] = process.argv.slice(2);
const stopped = new Promise<void>((resolve) => {
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(event, () => resolve());
});
const agent = await startAgent({
  home: agentHome(folder, {}),
  environment: process.env,
  slots: { plain: Number(slots), browser: 0, desktop: 0 },
  clock: systemClock,
  random: Math.random,
  logLevel: 'info',
  print: (line) => process.stdout.write(`${line}\n`),
  pool: insideWorkers(folder),
});
await stopped;
await agent.stop();
process.exit(0);
