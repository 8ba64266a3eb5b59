/** How busy this machine is, as the control plane is told with each ping. */
import { availableParallelism, loadavg } from 'node:os';

/** Runnable tasks for each processor, averaged over a minute, at most 1,000; none where the system does not say (Windows). */
export function machineLoad(): { load?: number } {
  if (process.platform === 'win32') return {};
  return { load: Math.min(1_000, Math.max(0, (loadavg()[0] ?? 0) / availableParallelism())) };
}
