package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/pion/webrtc/v3"
)

const (
	// Larger messages belong to a bulk transfer: they are hashed, not reported one by one.
	largestReported = 1024
	highWater       = 4 << 20
)

type channel struct {
	*webrtc.DataChannel
	name string
	open chan struct{}

	// What arrived of a bulk transfer so far.
	bulk     sync.Mutex
	arrived  *sync.Cond
	data     []byte
	messages int
}

func adopt(pc string, dc *webrtc.DataChannel) *channel {
	c := &channel{DataChannel: dc, open: make(chan struct{})}
	c.arrived = sync.NewCond(&c.bulk)
	lock.Lock()
	c.name = fmt.Sprintf("c%d", len(channels)+1)
	channels[c.name] = c
	lock.Unlock()
	event := func(event string) { emit(object{"pc": pc, "channel": c.name, "event": event}) }
	dc.OnOpen(func() {
		close(c.open)
		event("open")
	})
	dc.OnClose(func() { event("close") })
	dc.OnMessage(func(message webrtc.DataChannelMessage) {
		switch {
		case len(message.Data) > largestReported:
			c.bulk.Lock()
			c.data = append(c.data, message.Data...)
			c.messages++
			c.bulk.Unlock()
			c.arrived.Broadcast()
		case message.IsString:
			emit(object{"pc": pc, "channel": c.name, "event": "message", "text": string(message.Data)})
		default:
			emit(object{"pc": pc, "channel": c.name, "event": "message", "hex": hex.EncodeToString(message.Data)})
		}
	})
	return c
}

func info(dc *webrtc.DataChannel) object {
	return object{
		"label": dc.Label(), "protocol": dc.Protocol(), "ordered": dc.Ordered(), "negotiated": dc.Negotiated(),
		"id": dc.ID(), "maxRetransmits": dc.MaxRetransmits(), "maxPacketLifeTime": dc.MaxPacketLifeTime(),
		"readyState": dc.ReadyState().String(), "bufferedAmount": dc.BufferedAmount(),
	}
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (c *channel) sendBulk(total, size int) (any, error) {
	all := make([]byte, total)
	if _, err := rand.Read(all); err != nil {
		return nil, err
	}
	low := make(chan struct{}, 1)
	c.SetBufferedAmountLowThreshold(highWater / 4)
	c.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	for at := 0; at < total; at += size {
		for c.BufferedAmount() > highWater {
			<-low
		}
		end := at + size
		if end > total {
			end = total
		}
		if err := c.Send(all[at:end]); err != nil {
			return nil, err
		}
	}
	return object{"sha256": hash(all)}, nil
}

func (c *channel) receiveBulk(total int) (any, error) {
	c.bulk.Lock()
	defer c.bulk.Unlock()
	for len(c.data) < total {
		c.arrived.Wait()
	}
	result := object{"bytes": len(c.data), "messages": c.messages, "sha256": hash(c.data)}
	c.data, c.messages = nil, 0
	return result, nil
}

func (c *channel) run(r request) (any, error) {
	switch r.Do {
	case "channel":
		return info(c.DataChannel), nil
	case "opened":
		<-c.open
		return nil, nil
	case "send":
		if r.Text != nil {
			return nil, c.SendText(*r.Text)
		}
		data, err := hex.DecodeString(r.Hex)
		if err != nil {
			return nil, err
		}
		return nil, c.Send(data)
	case "sendBulk":
		return c.sendBulk(r.Bytes, r.Size)
	case "receiveBulk":
		return c.receiveBulk(r.Bytes)
	case "closeChannel":
		return nil, c.Close()
	}
	return nil, errors.New("no command " + r.Do)
}
