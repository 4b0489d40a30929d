// Pion as a peer that a test program drives with lines of JSON (interop/peer/README.md).
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"sync"

	"github.com/pion/webrtc/v3"
)

type object = map[string]any

type request struct {
	ID          int                        `json:"id"`
	Do          string                     `json:"do"`
	PC          string                     `json:"pc"`
	Channel     string                     `json:"channel"`
	Description *webrtc.SessionDescription `json:"description"`
	Candidate   *webrtc.ICECandidateInit   `json:"candidate"`
	Label       string                     `json:"label"`
	Options     struct {
		webrtc.DataChannelInit
		IceRestart bool `json:"iceRestart"`
	} `json:"options"`
	Text  *string `json:"text"`
	Hex   string  `json:"hex"`
	Bytes int     `json:"bytes"`
	Size  int     `json:"size"`
}

// All that the driving program made.
var (
	lock        sync.Mutex
	connections = map[string]*connection{}
	channels    = map[string]*channel{}
	output      = json.NewEncoder(os.Stdout)
)

func emit(line object) {
	lock.Lock()
	defer lock.Unlock()
	// Whoever drove us is gone if this fails; the input ends then, too.
	_ = output.Encode(line)
}

func run(r request) (any, error) {
	lock.Lock()
	pc, dc := connections[r.PC], channels[r.Channel]
	lock.Unlock()
	switch {
	case r.Do == "create":
		return nil, create(r.PC)
	case dc != nil:
		return dc.run(r)
	case pc != nil:
		return pc.run(r)
	}
	return nil, errors.New("no such connection or channel")
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			panic(err)
		}
		// Some wait for the other side, and further commands must not wait for them.
		go func() {
			ok, err := run(r)
			if err != nil {
				emit(object{"id": r.ID, "error": object{"name": "Error", "message": err.Error()}})
			} else {
				emit(object{"id": r.ID, "ok": ok})
			}
		}()
	}
}
