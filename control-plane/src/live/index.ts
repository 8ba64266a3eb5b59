/** Live events: what changed, for consoles and scripts. */
export {
  append as appendLive,
  appendJobs,
  cursorOfNow,
  prune as pruneLive,
  readAfter as readLive,
  type JobChange,
  type NewLiveEvent,
} from './live.store.ts';
export { LiveService } from './live.service.ts';
export { liveModule } from './live.module.ts';
