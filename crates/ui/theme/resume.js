// A large file goes up in parts before its form, so that an upload that breaks off goes on where it ended: by itself when
// the network is back, after a reload when the same file is chosen again. Small files, and all without it, go with the form.
const SMALL = 1 << 20;
const PART_MIN = 256 << 10;
const PART_MAX = 4 << 20;
const PART_QUICK_MS = 2000;
const PART_PATIENCE_MS = 120_000;
const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000];
const WORDS = {
  offline: "网络断了，恢复后接着传",
  busy: "服务器暂时不能接收，稍后接着传",
  signedOut: "登录已过期。请在新窗口登录，回到这里会接着传",
  unreadable: "读不出这个文件，可能已移动或改动，请重新选择",
  refused: "没有上传成功，请重新选择文件",
};

const megabytes = (bytes) => `${Number((bytes / (1 << 20)).toFixed(1))} MB`;

/** Until the time is over, or there is reason to hope that it works again. */
function pause(delay) {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      for (const name of ["online", "focus"]) window.removeEventListener(name, over);
      resolve();
    };
    const timer = setTimeout(over, delay);
    for (const name of ["online", "focus"]) window.addEventListener(name, over);
  });
}

/** A request that gives up when the network goes or nothing moves; `null` when there was no answer. */
async function ask(address, options) {
  const giving = new AbortController();
  const giveUp = () => giving.abort();
  const timer = setTimeout(giveUp, PART_PATIENCE_MS);
  window.addEventListener("offline", giveUp);
  try {
    return await fetch(address, { ...options, signal: giving.signal, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    window.removeEventListener("offline", giveUp);
  }
}

/** Why one has to wait; nothing when there is an answer to go by. */
function reasonToWait(answer) {
  if (!answer) return WORDS.offline;
  if (answer.status === 401) return WORDS.signedOut;
  return answer.status === 429 || answer.status >= 500 ? WORDS.busy : "";
}

/** Sends a file in parts, however often it breaks off; the upload's id, `null` when it is not to go this way. */
async function upload(file, place, say, isWanted) {
  const about = JSON.stringify({ name: file.name, bytes: file.size, modified: file.lastModified, place });
  let id = null;
  let offset = 0;
  let size = SMALL;
  let tries = 0;
  const wait = async (why) => {
    say(offset, why);
    size = PART_MIN;
    await pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
    tries += 1;
  };
  const next = async () => {
    if (!id) return ask("/uploads", { method: "POST", body: about, headers: { "Content-Type": "application/json" } });
    // after a break the server knows best how far it came
    if (tries) return ask(`/uploads/${id}`, { method: "GET" });
    const part = await file.slice(offset, offset + size).arrayBuffer().catch(() => { throw new Error(WORDS.unreadable); });
    return ask(`/uploads/${id}`, { method: "PATCH", body: part, headers: { "Upload-Offset": String(offset), "Content-Type": "application/octet-stream" } });
  };
  while (!id || offset < file.size) {
    if (!isWanted()) return null;
    if (!tries) say(offset, "");
    const began = performance.now();
    const isPart = Boolean(id) && !tries;
    const answer = await next();
    // nobody's uploads are kept: whoever has no account sends the file with the form
    if (!id && answer?.status === 401) return null;
    const why = reasonToWait(answer);
    if (why) {
      await wait(why);
      continue;
    }
    if (answer.status === 404) {
      [id, offset] = [null, 0];
      await wait(WORDS.busy);
      continue;
    }
    const holds = answer.headers.get("Upload-Offset");
    if (holds === null || !(answer.ok || answer.status === 409)) {
      throw new Error((await answer.json().catch(() => ({}))).detail ?? WORDS.refused);
    }
    if (!id) {
      const begun = await answer.json().catch(() => null);
      if (!begun) {
        await wait(WORDS.offline);
        continue;
      }
      ({ id } = begun);
    }
    offset = Number(holds);
    tries = 0;
    if (isPart) size = performance.now() - began < PART_QUICK_MS ? Math.min(size * 2, PART_MAX) : Math.max(size / 2, PART_MIN);
  }
  return id;
}

/** The line below an input that says how far its file is. */
function line(input) {
  const state = document.createElement("p");
  state.className = "zd-upload-state";
  state.setAttribute("role", "status");
  input.parentElement.append(state);
  return state;
}

export function resume(input) {
  const { form } = input;
  const bytesMax = Number(input.dataset.resume);
  let state = null;
  // what is being sent; another choice of files takes its place
  let sending = null;
  let submitter = null;
  let isPlain = false;

  const say = (words, kind) => {
    state ??= line(input);
    state.dataset.state = kind;
    state.textContent = words;
  };
  const progress = (file, isWanted) => (offset, why) => isWanted() &&
    say(`${file.name}：已上传 ${megabytes(offset)} / ${megabytes(file.size)}${why ? `，${why}` : ""}`, why ? "waiting" : "sending");

  /** The large files go ahead; the small ones stay chosen. */
  async function ahead(large) {
    const isWanted = () => sending === large;
    const gone = new Map();
    for (const file of large) {
      const id = await upload(file, `${location.pathname}#${input.name}`, progress(file, isWanted), isWanted);
      if (!isWanted()) return;
      if (id) gone.set(file, id);
      else isPlain = true;
    }
    const rest = new DataTransfer();
    for (const file of input.files) if (!gone.has(file)) rest.items.add(file);
    input.files = rest.files;
    for (const id of gone.values()) {
      const sent = document.createElement("input");
      Object.assign(sent, { type: "hidden", name: `sent:${input.name}`, value: id });
      form.append(sent);
    }
    sending = null;
    form.requestSubmit(submitter);
  }

  form.addEventListener("submit", (event) => {
    const files = [...input.files];
    const large = files.filter((file) => file.size > SMALL);
    if (!sending && (isPlain || !large.length)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    // the button that was pressed last counts
    submitter = event.submitter;
    if (sending) return;
    const over = files.find((file) => file.size > bytesMax);
    if (over) {
      say(`“${over.name}”超过 ${megabytes(bytesMax)}，请压缩或拆分后再上传`, "failed");
      return;
    }
    sending = large;
    ahead(large).catch((error) => {
      if (sending !== large) return;
      sending = null;
      say(error.message, "failed");
    });
  }, { capture: true });
  input.addEventListener("change", () => {
    sending = null;
    isPlain = false;
    state?.remove();
    state = null;
  });
  window.addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
}
