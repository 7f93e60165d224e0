import { liveLog } from './shared/livelog.js';
import { begin } from './shared/project.js';

begin(liveLog());
