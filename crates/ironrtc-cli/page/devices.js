// The camera and the microphone, as far as there are any, and in words why there are none.

const WANTED = [{ audio: true, video: true }, { video: true }, { audio: true }];

const WRONG = {
  NotAllowedError: 'The browser does not let this page use camera and microphone. Allow them beside the address, and start again.',
  NotFoundError: 'There is no camera and no microphone. Plug one in, and start again.',
  NotReadableError: 'The camera or the microphone does not start. Does another program use it?',
  insecure: 'Browsers give cameras only to pages of this machine (http://localhost) and over https. Watching works from here.',
};
const SAME = { SecurityError: 'NotAllowedError', OverconstrainedError: 'NotFoundError', AbortError: 'NotReadableError' };

/** A stream of both, or of the one that there is. */
export async function openDevices() {
  const devices = navigator.mediaDevices;
  if (!devices?.getUserMedia) throw new Error(WRONG.insecure);
  let missing;
  for (const wanted of WANTED) {
    try {
      return await devices.getUserMedia(wanted);
    } catch (error) {
      const name = SAME[error.name] ?? error.name;
      missing = new Error(WRONG[name] ?? `The camera does not start: ${error.message}`);
      if (name !== 'NotFoundError') throw missing;
    }
  }
  throw missing;
}
