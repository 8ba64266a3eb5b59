/** Does to an installation what a schedule says, one fault after the other or several at once. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from '../simulation/world/random.ts';
import { descendantsOf } from '../support/process-tree.ts';
import type { History } from './history.ts';
import type { Installation } from './installation.ts';
import { told, type Fault } from './schedule.ts';

/** Resolves when all is done, and everything runs and is connected again. */
export async function inflict(
  faults: readonly Fault[],
  { installation, history, chance }: { installation: Installation; history: History; chance: Chance },
): Promise<void> {
  const startedAt = performance.now();
  const underWay: Promise<void>[] = [];
  for (const fault of faults) {
    await pause(Math.max(0, fault.at - (performance.now() - startedAt)));
    history.add({ type: 'fault', what: told(fault) });
    underWay.push(inflictOne(fault, installation, chance));
  }
  await Promise.all(underWay);
}

async function inflictOne(fault: Fault, installation: Installation, chance: Chance): Promise<void> {
  const { replicas, agents, cables, clients } = installation;
  switch (fault.what) {
    case 'postgres':
      // It is started again at once by who looks after it; while it starts there may be none.
      killed(installation.postgresPid());
      return;
    case 'worker': {
      const workers = descendantsOf(agents[fault.of]!.pid).filter(({ command }) =>
        command.includes('runner/worker.js'),
      );
      if (workers.length > 0) killed(chance.pick(workers).pid);
      return;
    }
    case 'clients':
      clients.unplug();
      clients.plug();
      return;
    case 'replica':
    case 'agent': {
      const unit = (fault.what === 'replica' ? replicas : agents)[fault.of]!;
      if (fault.kind === 'kill') return unit.end('SIGKILL', fault.forMs);
      if (fault.kind === 'restart') return unit.end('SIGTERM', fault.forMs);
      if (fault.kind === 'stop') {
        unit.stop();
        await pause(fault.forMs);
        unit.continue();
        return;
      }
      const cable = cables[fault.of]!;
      cable.unplug();
      await pause(fault.forMs);
      cable.plug();
    }
  }
}

/** kill -9; it may have ended by itself. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
