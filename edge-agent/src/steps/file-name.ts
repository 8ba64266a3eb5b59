/**
 * Names of files that a document gives, judged before the system sees them: on Windows some lead elsewhere than they look,
 * and asking for a share of another machine tells it who asks.
 */
import { win32 } from 'node:path';
import { StepFailure } from '../engine/index.ts';
import { windowsNameFault, windowsPathFault } from '../windows/index.ts';

/** @throws StepFailure FILE_NAME_REFUSED */
export function verifyName(name: string, platform: NodeJS.Platform = process.platform): void {
  if (platform !== 'win32') return;
  const fault = win32.isAbsolute(name) ? windowsPathFault(name) : windowsNameFault(name);
  if (fault === null) return;
  throw new StepFailure({
    type: 'validation',
    code: 'FILE_NAME_REFUSED',
    title: 'The name leads elsewhere than it looks',
    detail: `${JSON.stringify(name.slice(0, 200))} is refused: ${fault}.`,
    certain: true,
  });
}

/** True for a file of another machine. */
export function isRemote(path: string, platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'win32' && /^[\\/]{2}/.test(path);
}
