// A form that saves itself on every change, and never says that it has when it has not. Without it, its buttons save.
const TYPING_PAUSE_MS = 800;
const RETRY_MS = 5000;
const WORDS = {
  unsaved: "有改动，还没有保存",
  saving: "正在保存…",
  failed: "没有保存成功（网络或服务器没有应答），正在重试，请先不要关闭页面",
  signedOut: "没有保存：登录已过期。请在新窗口登录，回到这里会自动继续保存",
  gone: "没有保存：草稿已经提交或删除，请回到列表查看",
  tooLarge: "没有保存：内容太长，请缩短文字，长材料请作为附件上传",
};

/** Everything but chosen files and those that went ahead, which the buttons send. */
function typed(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File || name.startsWith("sent:")) data.delete(name);
  data.set("do", "autosave");
  return data;
}

function follow(form, hidden) {
  for (const part of form.querySelectorAll("[data-place]")) part.hidden = hidden.includes(part.dataset.place);
}

export function autosave(form) {
  const status = form.querySelector("[data-save-state]");
  let changes = 0;
  let saved = 0;
  let sending = null;
  let stopped = false;
  let timer;

  const say = (state, words) => { status.dataset.saveState = state; status.textContent = words; };
  const later = (delay) => { clearTimeout(timer); timer = setTimeout(save, delay); };
  const stop = (words) => { stopped = true; say("failed", words); };

  async function send() {
    const upTo = changes;
    say("saving", WORDS.saving);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body: typed(form), headers: { Accept: "application/json" } });
    } catch {
      say("failed", WORDS.failed);
      return later(RETRY_MS);
    }
    if (answer.status === 409) return stop((await answer.json().catch(() => ({}))).message ?? WORDS.failed);
    if (answer.status === 404) return stop(WORDS.gone);
    if (answer.status === 413) return say("failed", WORDS.tooLarge);
    if (answer.status === 401) return say("failed", WORDS.signedOut);
    const kept = answer.ok ? await answer.json().catch(() => null) : null;
    if (!kept?.version) {
      say("failed", WORDS.failed);
      return later(RETRY_MS);
    }
    form.elements.version.value = kept.version;
    follow(form, kept.hidden);
    saved = upTo;
    if (saved === changes) say("saved", `已保存 ${kept.saved}`);
    else later(0);
  }

  /** One request at a time: each rests on the version that the one before has made. */
  function save() {
    if (stopped || sending || saved === changes) return sending;
    sending = send().finally(() => { sending = null; if (changes !== saved && status.dataset.saveState === "unsaved") later(TYPING_PAUSE_MS); });
    return sending;
  }

  const changed = (event, delay) => {
    if (stopped || event.target.type === "file") return;
    changes += 1;
    if (!sending) say("unsaved", WORDS.unsaved);
    later(delay);
  };
  // while an input method composes Chinese, half words would be sent
  form.addEventListener("input", (event) => { if (!event.isComposing) changed(event, TYPING_PAUSE_MS); });
  form.addEventListener("compositionend", (event) => changed(event, TYPING_PAUSE_MS));
  form.addEventListener("change", (event) => changed(event, 0));
  window.addEventListener("focus", () => { if (changes !== saved) later(0); });
  window.addEventListener("beforeunload", (event) => { if (changes !== saved && !form.dataset.leaving) event.preventDefault(); });
  // a button waits for the request under way, whose version it needs
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    form.dataset.leaving = "";
    if (!sending) return;
    event.preventDefault();
    await sending;
    clearTimeout(timer);
    form.requestSubmit(event.submitter);
  });
  say("saved", status.textContent.split("；")[0].replace("上次保存：", ""));
}
