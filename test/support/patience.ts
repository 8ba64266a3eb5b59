/**
 * Before every test file: what must become true is waited for as long as `expect.poll` does. `vi.waitFor` gives up after a
 * second unless told, which is nothing on a machine that is busy, and has no setting for it.
 */
import { vi } from 'vitest';

const PATIENCE = { timeout: 20_000 };
const waitFor = vi.waitFor.bind(vi);

vi.waitFor = (condition, options = PATIENCE) => waitFor(condition, options);
