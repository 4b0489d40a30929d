package main

import (
	"errors"

	"github.com/pion/webrtc/v3"
)

type connection struct {
	*webrtc.PeerConnection
	name    string
	restart bool
}

func create(name string) error {
	inner, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	pc := &connection{PeerConnection: inner, name: name}
	state := func(event, state string) { emit(object{"pc": name, "event": event, "state": state}) }
	pc.OnNegotiationNeeded(func() { emit(object{"pc": name, "event": "negotiationneeded"}) })
	pc.OnSignalingStateChange(func(s webrtc.SignalingState) { state("signalingstatechange", s.String()) })
	pc.OnICEConnectionStateChange(func(s webrtc.ICEConnectionState) { state("iceconnectionstatechange", s.String()) })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) { state("connectionstatechange", s.String()) })
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		var candidate any
		if c != nil {
			candidate = c.ToJSON()
		}
		emit(object{"pc": name, "event": "icecandidate", "candidate": candidate})
	})
	pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		event := info(dc)
		event["pc"], event["event"], event["channel"] = name, "datachannel", adopt(name, dc).name
		emit(event)
	})
	lock.Lock()
	connections[name] = pc
	lock.Unlock()
	return nil
}

func (pc *connection) offer(restart bool) (webrtc.SessionDescription, error) {
	return pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
}

// Sets a local description: the fitting one if none is given.
func (pc *connection) setLocal(description *webrtc.SessionDescription) error {
	if description == nil {
		var made webrtc.SessionDescription
		var err error
		if pc.SignalingState() == webrtc.SignalingStateHaveRemoteOffer {
			made, err = pc.CreateAnswer(nil)
		} else {
			made, err = pc.offer(pc.restart)
			pc.restart = false
		}
		if err != nil {
			return err
		}
		description = &made
	}
	return pc.SetLocalDescription(*description)
}

func (pc *connection) run(r request) (any, error) {
	switch r.Do {
	case "createOffer":
		return pc.offer(r.Options.IceRestart)
	case "createAnswer":
		return pc.CreateAnswer(nil)
	case "setLocal":
		err := pc.setLocal(r.Description)
		return pc.LocalDescription(), err
	case "setRemote":
		return nil, pc.SetRemoteDescription(*r.Description)
	case "gathered":
		<-webrtc.GatheringCompletePromise(pc.PeerConnection)
		return pc.LocalDescription(), nil
	case "addCandidate":
		if r.Candidate == nil {
			return nil, nil
		}
		return nil, pc.AddICECandidate(*r.Candidate)
	case "createChannel":
		dc, err := pc.CreateDataChannel(r.Label, &r.Options.DataChannelInit)
		if err != nil {
			return nil, err
		}
		return object{"channel": adopt(pc.name, dc).name}, nil
	case "restartIce":
		// Pion has the option of the offer only.
		pc.restart = true
		emit(object{"pc": pc.name, "event": "negotiationneeded"})
		return nil, nil
	case "states":
		return object{
			"signaling": pc.SignalingState().String(), "iceGathering": pc.ICEGatheringState().String(),
			"iceConnection": pc.ICEConnectionState().String(), "connection": pc.ConnectionState().String(),
		}, nil
	case "sctp":
		return object{"state": pc.SCTP().State().String(), "maxMessageSize": pc.SCTP().GetCapabilities().MaxMessageSize}, nil
	case "close":
		// It fails if the other side closed first, and is closed all the same.
		_ = pc.Close()
		return nil, nil
	}
	return nil, errors.New("no command " + r.Do)
}
