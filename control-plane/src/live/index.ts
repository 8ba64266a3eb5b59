/** Live events: what changed, for consoles and scripts. */
export { parseCursor } from './cursor.ts';
export { append as appendLive, prune as pruneLive, type NewLiveEvent } from './live.store.ts';
export { LiveService } from './live.service.ts';
export { LiveController } from './live.controller.ts';
export { liveModule } from './live.module.ts';
