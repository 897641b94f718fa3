// Small help on top of pages that work without it. No inline code, no eval: the content security policy stays strict.
import { createAll, Button, ErrorSummary, SkipLink } from "./govuk-frontend.js";
import { autosave } from "./autosave.js";
import { resume } from "./resume.js";

const AUTOSUBMIT_DELAY_MS = 400;
const SORT_ROWS_MAX = 500;
const PHONE = "(max-width: 61.99rem)";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
createAll(Button);
createAll(ErrorSummary);
createAll(SkipLink);

/** Filters send themselves a moment after the last change; the button stays for everyone else. */
function autosubmit(form) {
  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => form.requestSubmit(), AUTOSUBMIT_DELAY_MS);
  };
  form.addEventListener("change", later);
  form.addEventListener("input", (event) => {
    // While an input method composes Chinese, half words would be sent.
    if (event.target.matches("input:not([type=checkbox]):not([type=radio])") && !event.isComposing) later();
  });
  form.addEventListener("compositionend", later);
  form.addEventListener("submit", () => clearTimeout(timer));
}

/** On a phone the filters start folded, so that the results are seen first; a wider window, which shows no word to
    open them by, has them open. */
function foldOnPhone(details) {
  const phone = window.matchMedia(PHONE);
  const fold = () => { details.open = !phone.matches; };
  if (phone.matches) fold();
  phone.addEventListener("change", fold);
}

function copyButton(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "已复制";
    } catch {
      button.textContent = "无法复制，请手动选择";
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

/** One press checks all boxes of a form, or none of them when all are checked. */
function checkAll(button) {
  const boxes = [...button.form.querySelectorAll("input[type=checkbox]")];
  const areAll = () => boxes.every((box) => box.checked);
  const label = () => { button.textContent = areAll() ? "全不选" : "全选"; };
  button.addEventListener("click", () => {
    const checked = !areAll();
    for (const box of boxes) box.checked = checked;
    label();
  });
  button.form.addEventListener("change", label);
  button.hidden = false;
  label();
}

/** What a cell is sorted by: its data-sort, else its number, else its words in Chinese order. */
function sortKey(row, column) {
  const cell = row.cells[column];
  return cell ? (cell.dataset.sort ?? cell.textContent.trim()) : "";
}

function compare(left, right) {
  const [a, b] = [left, right].map((text) => (text === "" ? NaN : Number(text.replaceAll(",", "").replace(/[%元万亿家项]+$/, ""))));
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  return left.localeCompare(right, "zh-CN");
}

/** Heads of small, complete tables become buttons that sort. */
function sortable(table) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 2 || body.rows.length > SORT_ROWS_MAX) return;
  for (const head of table.tHead?.rows[0]?.cells ?? []) {
    if (head.hasAttribute("data-unsorted") || head.textContent.trim() === "") continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "zd-sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const rows = [...body.rows].sort((one, two) =>
        compare(sortKey(one, head.cellIndex), sortKey(two, head.cellIndex)) * (ascending ? 1 : -1));
      body.append(...rows);
    });
  }
}

const ENHANCEMENTS = [
  ["form[data-autosubmit]", autosubmit],
  ["form[data-autosave]", autosave],
  ["input[data-resume]", resume],
  ["details[data-fold-on-phone]", foldOnPhone],
  ["button[data-copy]", copyButton],
  ["button[data-check-all]", checkAll],
  ["table[data-sortable]", sortable],
];

/** Enhances what is new below `root`, each element once. */
function enhance(root) {
  for (const [selector, apply] of ENHANCEMENTS) {
    for (const element of root.querySelectorAll(selector)) {
      if (element.dataset.enhanced) continue;
      element.dataset.enhanced = "";
      apply(element);
    }
  }
}

enhance(document);
document.addEventListener("htmx:after:swap", () => enhance(document));
