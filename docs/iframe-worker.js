// The site's search runs in a Worker, which browsers do not start on a page that is opened from disk (file:).
// There, this stands in for it: the worker's script runs in a hidden frame, and messages go both ways as events.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = []; // messages sent before the script is loaded; null afterwards
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.worker = this;
      const answer = "postMessage = data => frameElement.worker.answer(data)";
      this.frame.srcdoc = `<script>${answer}</script><script src="${new URL(url, document.baseURI)}"></script>`;
      this.frame.onload = () => {
        const waiting = this.waiting;
        this.waiting = null;
        waiting.forEach(data => this.postMessage(data));
      };
      document.documentElement.appendChild(this.frame);
    }

    postMessage(data) {
      if (this.waiting) this.waiting.push(data);
      else this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }

    answer(data) {
      this.dispatchEvent(new MessageEvent("message", { data }));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
